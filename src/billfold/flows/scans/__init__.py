"""What a till asks for: look at a card, scan it, undo that, hand in what was scanned without a network.

May not enter: HTTP, SQL, wallets' formats."""
