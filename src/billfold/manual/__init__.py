"""The documents of `docs/` as pages of the server, with a search over their headings, and the checklist that checks itself.

May not enter: the documents' texts, which stand in `docs/`."""
