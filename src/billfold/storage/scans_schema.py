"""Tables of scans: what was scanned, what a device was heard of, what waits for a person. As schema.py, of which they are a part.

May not enter: queries, logic."""

from billfold.storage.tables import flag, index, linked, number, optional, scoped, words

scan = scoped(
    "scan",
    *(words("id"), words("pass_id"), words("action"), words("fingerprint"), number("at_ms"), number("occurred_at_ms")),
    *(words("actor"), words("terminal_id", null=True), optional("device_seq"), words("declined"), words("flag")),
    *(words("undoes", null=True), words("description"), words("reference"), words("transaction_id"), words("resolved_by")),
    *(flag("reward"), words("changes"), words("balances"), words("operations"), words("product", null=True)),
    words("vat", null=True),
    linked("pass", "pass_id"),
    linked("terminal", "terminal_id"),
    key=("id",),
)
index("ix_scan_pass", scan, "pass_id", "at_ms")
index("ix_scan_terminal", scan, "terminal_id", "at_ms", where="terminal_id IS NOT NULL")
index("ix_scan_undoes", scan, "undoes", where="undoes IS NOT NULL AND declined = ''", unique=True)

scan_device = scoped(
    "scan_device",
    *(words("terminal_id"), number("last_seq"), words("gaps"), number("synced_seq"), number("synced_ms")),
    *(number("spent_after"), words("spent")),
    linked("terminal", "terminal_id"),
    key=("terminal_id",),
)

scan_quarantine = scoped(
    "scan_quarantine",
    *(words("id"), words("terminal_id"), words("reason"), words("item"), number("received_at_ms"), words("decision")),
    *(optional("decided_at_ms"), words("decided_by")),
    linked("terminal", "terminal_id"),
    key=("id",),
)
index("ix_scan_quarantine_waiting", scan_quarantine, "id", where="decision = ''")
