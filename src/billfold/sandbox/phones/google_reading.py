"""JSON of Google's classes and objects, read as a phone of one language reads it. Pure. May not enter: which members a pass has."""

from collections.abc import Mapping

Members = Mapping[str, object]


class Reader:
    """Picks the text for `language` (BCP 47): its own, that of its main language, else the default."""

    def __init__(self, language: str = "en") -> None:
        self.language = language.lower()
        self.main = self.language.partition("-")[0]

    def text(self, value: object) -> str:
        """A text, a number as text, or a LocalizedString."""
        if isinstance(value, Mapping):
            return self.localized(value)
        return "" if value is None or isinstance(value, list | bool) else str(value)

    def localized(self, value: Members) -> str:
        default = members(value.get("defaultValue"))
        texts = {
            str(one.get("language", "")).lower(): one.get("value") for one in map(members, items(value.get("translatedValues")))
        }
        if str(default.get("language", "")).lower() != self.language:
            for tag in (self.language, self.main):
                if tag in texts:
                    return self.text(texts[tag])
        return self.text(default.get("value"))

    def member(self, resource: Members, name: str) -> str:
        """A member; its localized twin stands over it."""
        twin = "localized" + name[:1].upper() + name[1:]
        return self.text(resource.get(twin)) or self.text(resource.get(name))

    def at(self, resource: Members, path: str) -> str:
        """`venue.name`, `seatInfo.seat`."""
        *way, last = path.split(".")
        for step in way:
            resource = members(resource.get(step))
        value = resource.get(last)
        if isinstance(value, Mapping) and "micros" in value:
            return money(value)
        return self.member(resource, last)

    def amount(self, balance: Members) -> str:
        if "money" in balance:
            return money(members(balance["money"]))
        return next((self.text(balance[kind]) for kind in ("int", "string", "double") if kind in balance), "")


def money(value: Members) -> str:
    micros = str(value.get("micros") or 0)
    return f"{int(micros) / 1_000_000:,.2f} {value.get('currencyCode') or ''}".strip()


def members(value: object) -> Members:
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[object]:
    return value if isinstance(value, list) else []
