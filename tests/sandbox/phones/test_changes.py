"""Which line the lock screen shows: reference/apple-wallet.md section 6, and how values read."""

import pytest

from billfold.sandbox.phones.changes import GENERIC_LINE, LockScreenLine, compare, lock_screen_line
from billfold.sandbox.phones.content import PassContent, format_value, read_content
from billfold.sandbox.phones.events import FieldChange
from sandbox.phones.bundles import pass_json

MESSAGE = "Gate changed to %@."


def version(**values: object) -> PassContent:
    """A pass whose fields are the arguments; a value that is a pair carries a change message."""
    fields = []
    for key, value in values.items():
        if isinstance(value, tuple):
            fields.append({"key": key, "label": key.upper(), "value": value[0], "changeMessage": value[1]})
        else:
            fields.append({"key": key, "label": key.upper(), "value": value})
    return read_content(pass_json(storeCard={"auxiliaryFields": fields}), {})


@pytest.mark.requirement("S0-40", "S3-32")
@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (version(gate="A1"), version(gate=("B2", MESSAGE)), LockScreenLine("Gate changed to B2.")),
        (version(gate=("A1", MESSAGE)), version(gate="B2"), None),
        (version(gate=("A1", MESSAGE)), version(gate=("A1", MESSAGE)), None),
        (version(gate="A1", seat="1"), version(gate=("B2", MESSAGE), seat="2"), LockScreenLine("Gate changed to B2.")),
        (version(gate="A1", seat="1"), version(gate=("B2", MESSAGE), seat=("2", "%@")), LockScreenLine(GENERIC_LINE, True)),
        (version(gate="A1"), version(gate=("B2", "Gate changed")), LockScreenLine(GENERIC_LINE, True)),
        (version(points=1250), version(points=(1300, "%@ points")), LockScreenLine("1300 points")),
        (version(), version(gate=("B2", MESSAGE)), None),
        (version(gate=("B2", MESSAGE)), version(), None),
    ],
    ids=[
        "the new version's message counts",
        "a message only in the old one is silent",
        "nothing changed",
        "a change without message does not count",
        "several are told in the system's words",
        "a message without placeholder too",
        "numbers",
        "a new field is silent",
        "a field that went is silent",
    ],
)
def test_the_line_on_the_lock_screen(old: PassContent, new: PassContent, line: LockScreenLine | None) -> None:
    assert lock_screen_line(old, new) == line


def test_fields_are_paired_by_key() -> None:
    changes = compare(version(a="1", b="2", gone="3"), version(b="2", a="9", new="4"))
    assert changes == (
        FieldChange("a", "A", "1", "9"),
        FieldChange("new", "NEW", None, "4"),
        FieldChange("gone", "GONE", "3", None),
    )


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"value": "1,300"}, "1,300"),
        ({"value": 1300}, "1300"),
        ({"value": 1300, "numberStyle": "PKNumberStyleDecimal"}, "1,300"),
        ({"value": 0.45, "numberStyle": "PKNumberStylePercent"}, "45%"),
        ({"value": 1300.5, "currencyCode": "EUR"}, "€1,300.50"),
        ({"value": -5, "currencyCode": "USD"}, "-$5.00"),
        ({"value": 500, "currencyCode": "JPY"}, "¥500"),
        ({"value": 12, "currencyCode": "CHF"}, "CHF 12.00"),
        (
            {"value": "2026-12-05T09:00-08:00", "dateStyle": "PKDateStyleMedium", "ignoresTimeZone": True},
            "Dec 5, 2026",
        ),
        (
            {
                "value": "2026-12-05T21:05+01:00",
                "dateStyle": "PKDateStyleShort",
                "timeStyle": "PKDateStyleShort",
                "ignoresTimeZone": True,
            },
            "12/5/26, 9:05 PM",
        ),
        ({"value": "KEY"}, "translated"),
    ],
)
def test_values_read_as_the_phone_shows_them(entry: dict[str, object], shown: str) -> None:
    assert format_value(entry, {"KEY": "translated"}) == shown
