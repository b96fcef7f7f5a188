"""A Google Wallet object and its class as the holder reads them: title, fields, barcode, messages. Pure.

May not enter: network; Apple. Source: reference/google-wallet.md sections 1 and 9.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from billfold.sandbox.phones.events import Card, FieldChange, ShownField

_NOT_VALID = ("INACTIVE", "EXPIRED", "COMPLETED")


@dataclass(frozen=True)
class GooglePass:
    """A saved pass. `messages`: id, then the text inside the pass, in the order they came."""

    object_id: str
    class_id: str
    card: Card
    messages: tuple[tuple[str, str], ...]


def read_pass(entry: Mapping[str, object]) -> GooglePass:
    """`entry` has objectId, title, object and class, as the phone is given them."""
    object_, class_ = _object(entry.get("object")), _object(entry.get("class"))
    title = _plain(object_.get("cardTitle")) or _plain(class_.get("programName")) or _plain(class_.get("title"))
    title = title or _plain(class_.get("eventName")) or _plain(entry.get("title"))
    card = Card(
        title=title,
        organization_name=_plain(class_.get("issuerName")) or _plain(object_.get("cardTitle")) or title,
        fields=(*_headline(object_), *_known_fields(object_, class_), *_modules(object_), *_modules(class_)),
        background_color=_plain(object_.get("hexBackgroundColor")) or _plain(class_.get("hexBackgroundColor")) or None,
        barcode=_plain(_object(object_.get("barcode")).get("value")) or None,
        voided=str(object_.get("state", "")).upper() in _NOT_VALID,
    )
    return GooglePass(_plain(entry.get("objectId")), _plain(entry.get("classId")), card, _messages(object_))


def compare(old: GooglePass, new: GooglePass) -> tuple[FieldChange, ...]:
    """Fields paired by key; changed when the holder reads something else."""
    before = {field.key: field for field in old.card.fields}
    after = {field.key: field for field in new.card.fields}
    changes = [
        FieldChange(key, field.label, before[key].value if key in before else None, field.value)
        for key, field in after.items()
        if key not in before or before[key].value != field.value
    ]
    changes += [FieldChange(key, field.label, field.value, None) for key, field in before.items() if key not in after]
    return tuple(changes)


def new_message(old: GooglePass, new: GooglePass) -> str | None:
    """The latest message inside the pass that was not there before. Ids may repeat, so texts count as well."""
    fresh = [text for id_, text in new.messages if (id_, text) not in old.messages]
    if not fresh and len(new.messages) > len(old.messages):
        fresh = [new.messages[-1][1]]
    return fresh[-1] if fresh else None


def _headline(object_: Mapping[str, object]) -> list[ShownField]:
    header = _plain(object_.get("header"))
    return [ShownField("primary", "header", _plain(object_.get("subheader")), header)] if header else []


def _known_fields(object_: Mapping[str, object], class_: Mapping[str, object]) -> list[ShownField]:
    """What the verticals have beside text modules."""
    found = []
    for key in ("loyaltyPoints", "secondaryLoyaltyPoints"):
        points = _object(object_.get(key))
        if points:
            label = _plain(points.get("localizedLabel")) or _plain(points.get("label"))
            found.append(ShownField("header", key, label, _amount(points.get("balance"))))
    if "balance" in object_:
        found.append(ShownField("header", "balance", "Balance", _amount({"money": object_["balance"]})))
    for source, key, label in (
        (class_, "rewardsTier", "Tier"),
        (object_, "accountName", "Name"),
        (object_, "accountId", "Account"),
        (object_, "ticketHolderName", "Name"),
        (object_, "ticketNumber", "Ticket"),
        (object_, "passengerName", "Passenger"),
    ):
        if value := _plain(source.get(key)):
            found.append(ShownField("secondary", key, label, value))
    return found


def _modules(resource: Mapping[str, object]) -> list[ShownField]:
    found = []
    for position, entry in enumerate(_list(resource.get("textModulesData"))):
        module = _object(entry)
        header = _plain(module.get("localizedHeader")) or _plain(module.get("header"))
        body = _plain(module.get("localizedBody")) or _plain(module.get("body"))
        key = _plain(module.get("id")) or f"text{position}"
        found.append(ShownField("back" if key.startswith("back") else "secondary", key, header, body))
    return found


def _messages(object_: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    found = []
    for entry in _list(object_.get("messages")):
        message = _object(entry)
        header = _plain(message.get("localizedHeader")) or _plain(message.get("header"))
        body = _plain(message.get("localizedBody")) or _plain(message.get("body"))
        found.append((_plain(message.get("id")), f"{header}: {body}" if header else body))
    return tuple(found)


def _amount(balance: object) -> str:
    members = _object(balance)
    money = _object(members.get("money"))
    if money:
        micros = int(_plain(money.get("micros")) or 0)
        return f"{micros / 1_000_000:,.2f} {_plain(money.get('currencyCode'))}"
    return next((_plain(members[kind]) for kind in ("int", "string", "double") if kind in members), "")


def _plain(value: object) -> str:
    """A text, a number as text, or the default of a LocalizedString."""
    if isinstance(value, dict):
        return _plain(_object(value.get("defaultValue")).get("value"))
    return "" if value is None or isinstance(value, list | bool) else str(value)


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
