"""Stand-ins for everything outside, which ship with the product: push server, Google Wallet API, virtual phones.

They judge the rest of Billfold, so they share no code with it. May not enter: any other room.
"""
