"""What Apple requires of fields, in the style and on a poster: rows 9, 10, 12 to 19 and 40 of reference/apple-wallet.md section 9.

On the hot path: a field without faults costs some comparisons. May not enter: other parts of a content (rules.py)."""

import sys

from billfold.domain.content import Content, DateFormat, Field, MoneyFormat, NumberFormat, Poster, Style
from billfold.ports import Finding
from billfold.wallets.apple import dates, predicates
from billfold.wallets.apple.fields import (
    ADDITIONAL,
    AUXILIARY,
    AUXILIARY_IN_ROWS,
    BACK,
    FOOTER,
    HEADER,
    PRIMARY,
    SECONDARY,
    Group,
    number_of,
)
from billfold.wallets.apple.predicates import FRONT_TEXT_MAX, PRIMARY_TEXT_MAX
from billfold.wallets.apple.rules_trees import judge_tags
from billfold.wallets.apple.verdicts import CLOSED, WARNING, error, of_fault, warning
from billfold.wallets.apple.vocabulary import GroupLimits, limits_of, vocabulary

_TICKET = Style.EVENT_TICKET  # looked up once: the enum takes its time
_ENDLESS = sys.maxsize
_MEND_BACK = "move fields to the back"
_RAW = "the raw or a wrong text is shown"


def judge_fields(content: Content, pieces: list[str], found: list[Finding]) -> None:
    """Adds the fields' texts to `pieces`."""
    limits = limits_of(content.style)
    seen: set[str] = set()
    ticket = content.style is _TICKET
    for group, name, kind, longest, most in (
        (content.header, "header", HEADER, FRONT_TEXT_MAX, limits[0]),
        (content.primary, "primary", PRIMARY, PRIMARY_TEXT_MAX, limits[1]),
        (content.secondary, "secondary", SECONDARY, FRONT_TEXT_MAX, limits[2]),
        (content.auxiliary, "auxiliary", AUXILIARY_IN_ROWS if ticket else AUXILIARY, FRONT_TEXT_MAX, limits[3]),
        (content.additional, "additional", ADDITIONAL if ticket and content.enhanced else BACK, _ENDLESS, _ENDLESS),
        (content.back, "back", BACK, _ENDLESS, _ENDLESS),
    ):
        if not group:
            continue
        for number, one in enumerate(group):
            key, value, label, change_message = one.key, one.value, one.label, one.change_message
            pieces += (key, value, label or "", change_message or "")
            if (
                not key
                or key in seen
                or len(value) > longest
                or (label and len(label) > longest)
                or (change_message and change_message.count("%@") != 1)
            ):
                _judge_texts(one, f"{name}[{number}]", longest, seen, found)
            if (
                one.format is not None
                or one.alignment is not None
                or one.row is not None
                or one.rich_text is not None
                or one.detectors is not None
                or one.semantics
            ):
                pieces.append(one.rich_text or "")
                _judge_rest(one, f"{name}[{number}]", kind, content.style, found)
            seen.add(key)
        if len(group) > most and not (kind.rows and limits_in_rows(group, limits)):  # Wallet leaves fields out without a word
            found.append(_too_many(name, f"this style shows at most {most} here"))
    if not seen:
        found.append(of_fault(WARNING, "primary", predicates.STYLE_EMPTY))
    if len(content.secondary) + len(content.auxiliary) > limits[5]:
        _judge_together(content, limits, found)


def _judge_together(content: Content, limits: GroupLimits, found: list[Finding]) -> None:
    """Row 16, for two groups that share their room; where one has too many by itself, that is told already."""
    secondary, auxiliary, code = len(content.secondary), len(content.auxiliary), content.barcode
    square = code is not None and code.format.value in predicates.SQUARE
    most = limits.by_square_code if square else limits.together
    if secondary + auxiliary > most and secondary <= limits.secondary and auxiliary <= limits.auxiliary:
        where = " above a square code" if most < limits.together else ""
        found.append(_too_many("auxiliary", f"this style shows at most {most} secondary and auxiliary fields together{where}"))


def _too_many(path: str, text: str) -> Finding:
    return warning("fields_too_many", path, text, _MEND_BACK, "the phone leaves fields out without a word")


def limits_in_rows(group: tuple[Field, ...], limits: GroupLimits) -> bool:
    """Whether an event ticket shows them all: as many in a second row as in the first."""
    second = sum(one.row == 1 for one in group)
    return len(group) - second <= limits.auxiliary and second <= vocabulary().styles[Style.EVENT_TICKET].second_row


def judge_poster(poster: Poster, style: Style, pieces: list[str], found: list[Finding]) -> None:
    """Row 16 and the fields' own rows, for the layout of iOS 27. Its keys may be those of the style, which says the same."""
    shown = vocabulary().styles["posterGeneric"].fields
    seen: set[str] = set()
    for group, name, kind, longest in (
        (poster.header, "header", HEADER, FRONT_TEXT_MAX),
        (poster.primary, "primary", PRIMARY, PRIMARY_TEXT_MAX),
        (poster.footer, "footer", FOOTER, FRONT_TEXT_MAX),
        (poster.additional, "additional", ADDITIONAL, _ENDLESS),
    ):
        for number, one in enumerate(group):
            path = f"poster.{name}[{number}]"
            pieces += (one.key, one.value, one.label or "", one.change_message or "", one.rich_text or "")
            _judge_texts(one, path, longest, seen, found)
            _judge_rest(one, path, kind, style, found)
            seen.add(one.key)
        most = shown.get(kind.key, _ENDLESS)
        if len(group) > most:
            found.append(_too_many(f"poster.{name}", f"a poster shows at most {most} here"))


def _judge_texts(one: Field, path: str, longest: int, seen: set[str], found: list[Finding]) -> None:
    """Rows 9, 10, 17 and 18."""
    if not one.key:
        text, mend = "the field has no key", "give each field a key that stays"
        found.append(error("field_key_missing", f"{path}.key", text, mend, CLOSED))
    elif one.key in seen:
        text, mend = "another field has this key", "use each key once in the pass"
        found.append(error("field_key_repeated", f"{path}.key", text, mend, "fields are lost, and change messages are wrong"))
    if len(one.value) > longest and one.format is None:
        found.append(of_fault(WARNING, f"{path}.value", predicates.text_too_long(longest)))
    if one.label and len(one.label) > longest:
        found.append(of_fault(WARNING, f"{path}.label", predicates.text_too_long(longest)))
    if one.change_message and predicates.is_generic_change_message(one.change_message):
        found.append(of_fault(WARNING, f"{path}.change_message", predicates.CHANGE_MESSAGE_GENERIC))


def _judge_rest(one: Field, path: str, group: Group, style: Style, found: list[Finding]) -> None:
    """Rows 12 to 15 and 19."""
    judge_format(one, f"{path}.value", found)
    ignored = "the phone ignores it"
    if one.alignment is not None and not group.aligned:
        text = "this group has no alignment of its own"
        found.append(warning("alignment_ignored", f"{path}.alignment", text, "leave it away", ignored))
    if one.row is not None and not group.rows:
        text = "only auxiliary fields of event tickets stand in rows"
        found.append(warning("row_ignored", f"{path}.row", text, "leave it away", ignored))
    elif one.row not in (None, 0, 1):
        found.append(error("row_unknown", f"{path}.row", "there are two rows", "say 0 or 1", "the pass is refused"))
    for name in ("rich_text", "detectors"):
        if getattr(one, name) is not None and not group.back:
            text = "fields of the front hold plain text"
            found.append(warning(f"{name}_ignored", f"{path}.{name}", text, "move the field to the back", ignored))
    if one.rich_text is not None and (fault := predicates.attributed_fault(one.rich_text)) is not None:
        found.append(of_fault(WARNING, f"{path}.rich_text", fault))
    if one.semantics:
        judge_tags(one.semantics, f"{path}.semantics", style, found)


def judge_format(one: Field, path: str, found: list[Finding]) -> None:
    """Rows 13 and 14."""
    match one.format:
        case None:
            return
        case DateFormat():
            if dates.with_own_zone(one.value) is None:
                text = "the value is no date with hours, minutes and zone; a day alone is not enough"
                mend = "write hours, minutes and zone, like 2026-12-31T18:00+01:00, or leave the format out"
                found.append(error("date_value_unreadable", path, text, mend, f"value format error: {CLOSED}"))
        case NumberFormat() | MoneyFormat():
            if number_of(one.value) is None:
                mend = "write digits with a point, like 1250 or -12.50"
                found.append(error("number_unreadable", path, "the value is no decimal number", mend, _RAW))
            if isinstance(one.format, MoneyFormat) and not predicates.is_currency(one.format.currency):
                mend = "write an ISO 4217 code in capitals, like EUR"
                where = path.replace(".value", ".format.currency")
                found.append(error("currency_unknown", where, "this is no currency", mend, _RAW))
