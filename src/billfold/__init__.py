"""Billfold: cards, coupons and tickets in the wallets that every phone already has.

The rooms, from the outside in: cli; bootstrap (the composition root); api and workers (later studio); flows, wallets, storage,
outgoing, images and connectors (neighbours that never meet); ports; domain. `sandbox` stands beside them and imports nothing
of theirs. Imports point one way (tests/architecture). May not enter: code that runs on import.
"""

__version__ = "0.1.0"
