"""Flows on values alone, with both wallets' real rules."""
