"""What can stop a scan, as typed failures. They are not kept: the scan's id stays free.

May not enter: HTTP; what the ledger declines, which is kept (domain/declines.py)."""

from billfold.domain.errors import BillfoldError, Conflict, NotFound
from billfold.domain.scanning import Denied


class CodeUnknown(NotFound):
    """Nothing that was scanned leads to a card of this workspace."""

    def __init__(self) -> None:
        super().__init__("card with this code")


class CodeUsed(Conflict):
    """A rotating code counts once."""

    def __init__(self) -> None:
        super().__init__("code_used", "this code was used before; let the phone show the next one")


class CardNotUsable(Conflict):
    """`reason`: blocked, expired, redeemed, not_started, removed."""

    def __init__(self, reason: str) -> None:
        super().__init__("card_not_usable", f"this card cannot be used: {reason}")
        self.reason = reason


class NotUndoable(Conflict):
    """`code`: undone_before, too_old, not_yours, nothing_to_undo."""


class ScanDenied(BillfoldError):
    """A restricted card does not take this product."""

    def __init__(self, denied: Denied) -> None:
        super().__init__(denied.message)
        self.denied = denied
