"""Points in time as pass.json writes them: ISO 8601 to the second with its zone, and when a pass is relevant. Pure.

Fractions of a second are not known to be accepted, so none is written. Source: reference/apple-wallet.md sections 2, 2.1 and 2.6;
WP/pass/relevantdates-data.dictionary. May not enter: the clock, judging a date (predicates.py, rules.py)."""

import re
import time
from functools import lru_cache

from billfold.domain.content import Content, JsonObject
from billfold.wallets.apple import predicates

EXPIRATION = "expirationDate"
_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)\Z", re.ASCII)


@lru_cache(maxsize=4096)
def date_text(at: int) -> str:
    """`at`: seconds since 1970 → `2026-12-05T09:00:00Z`."""
    year, month, day, hour, minute, second = time.gmtime(at)[:6]
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


def with_own_zone(text: str) -> str | None:
    """A date as somebody gave it, its own offset kept, in the form that Wallet reads; None when it is no date with a zone."""
    at = predicates.date_of(text)
    if at is None:
        return None
    return text if _PLAIN.match(text) else at.isoformat()


def add_relevance(out: JsonObject, content: Content) -> None:
    """`relevantDate` for systems before iOS 18, `relevantDates` since; there iOS 26 reads a moment as `date`, iOS 18 by the old
    name."""
    dates: list[object] = []
    first = content.relevant_at
    if first is not None:
        dates.append(_moment(first))
    for one in content.relevant:
        if one.end is not None:
            dates.append({"startDate": date_text(one.start), "endDate": date_text(one.end)})
        elif one.start != content.relevant_at:
            dates.append(_moment(one.start))
    if not dates:
        return
    out["relevantDate"] = date_text(first if first is not None else content.relevant[0].start)
    out["relevantDates"] = dates


def _moment(at: int) -> JsonObject:
    text = date_text(at)
    return {"date": text, "relevantDate": text}
