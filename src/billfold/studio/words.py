"""How moments and browsers are called, for everybody's language the same. May not enter: texts of a page."""

import datetime

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = tuple((sign, sign) for sign in ("iPhone", "iPad", "Android", "Windows", "Mac OS", "Linux"))


def device(agent: str) -> str:
    """`Firefox, Linux` from what a browser calls itself."""
    named = [next((name for sign, name in known if sign in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, named)) or "?"


def moment(at_ms: int) -> str:
    """`2026-11-25 21:40 UTC`."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def ago(at_ms: int | None, now_ms: int) -> str:
    """`3 min`, `5 h`, `12 d`; a dash for never."""
    if at_ms is None:
        return "–"
    minutes = max(0, now_ms - at_ms) // 60_000
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"
