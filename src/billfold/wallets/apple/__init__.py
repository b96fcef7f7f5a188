"""Apple Wallet: its rules, pass.json, the signed bundle, and pushes through APNs.

May not enter: Google, storage, settings.
"""
