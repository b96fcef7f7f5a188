"""The signed-in console: sign-in, overview, people, access keys; the same flows as the API's, for people.

May not enter: storage, wallets, decisions."""
