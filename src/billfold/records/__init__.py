"""The console's tables: passes, one pass and why its phones show what they show, members. Pages within the studio's frame.

May not enter: storage, wallets, decisions."""
