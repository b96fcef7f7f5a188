"""What the rules for a content say, in short forms. May not enter: rules themselves."""

from billfold.ports import Finding
from billfold.wallets.apple.predicates import Fault

ERROR, WARNING = "error", "warning"
CLOSED, IGNORED = "the add sheet never opens", "the phone ignores it"
"""What a phone does otherwise, in most cases."""


def error(code: str, path: str, message: str, mend: str, otherwise: str = "") -> Finding:
    """Forbids signing."""
    return Finding(code, ERROR, path, message, mend, otherwise)


def warning(code: str, path: str, message: str, mend: str, otherwise: str = "") -> Finding:
    return Finding(code, WARNING, path, message, mend, otherwise)


def of_fault(severity: str, path: str, fault: Fault) -> Finding:
    """A predicate's answer, at a place."""
    return Finding(fault.code, severity, path, fault.message, fault.mend, fault.otherwise)


def date_out_of_range(path: str) -> Finding:
    mend = "give seconds since 1970, before the year 10000"
    return error("date_out_of_range", path, "this date cannot be written", mend, "the date is ignored, or the pass refused")
