"""Google Wallet: its rules, classes and objects, save links, the REST client and the signed callbacks.

May not enter: Apple, storage, settings.
"""
