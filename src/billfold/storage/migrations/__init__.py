"""The history of the tables, one revision a change, each safe for the release before it, tested on both engines.

May not enter: schema.py's tables (a revision says what it does by itself, for ever)."""
