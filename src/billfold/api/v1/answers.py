"""What `/v1` answers, as models (for OpenAPI) and as bytes. An answer is made from stored values alone, so that it can be kept with
them under an idempotency key. May not enter: lookups, decisions."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec
from pydantic import BaseModel
from pydantic import Field as Rule

from billfold.api.v1.content import ContentOut, content_out
from billfold.api.v1.types import Out, iso, iso_or_none
from billfold.domain.addresses import Addresses
from billfold.domain.events import Event
from billfold.domain.findings import Finding
from billfold.domain.ids import PassId
from billfold.domain.keys import AccessKey
from billfold.domain.messages import Message
from billfold.domain.passes import Pass
from billfold.flows.batch import Row
from billfold.flows.issue import Stored
from billfold.flows.lists import PassState
from billfold.flows.messages import Sent
from billfold.flows.update import Updated
from billfold.flows.usage import Used

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


class PassSummary(Out):
    """`id` is the serial number on both wallets. `version` grows with each change of the pass or its template."""

    id: str
    template_id: str | None
    values: dict[str, object] | None
    voided: bool
    version: int
    issued_at: str
    updated_at: str
    share_url: str


class PassShown(PassSummary):
    """With what its holder sees."""

    content: ContentOut


class FindingShown(Out):
    """`severity`: error (it cannot be issued or published so) or warning. `otherwise`: what a phone would do with it."""

    code: str
    severity: str
    path: str
    message: str
    mend: str
    otherwise: str


class PassMade(PassShown):
    """`findings`: what a wallet cuts, drops or shows otherwise. An error would have refused the pass."""

    findings: list[FindingShown]


class DeliveryState(Out):
    """A device or wallet: it should have version `wanted` and has `delivered`."""

    channel: str
    target: str
    wanted: int
    delivered: int
    attempts: int
    current: bool
    last_error: str | None


class MessageShown(Out):
    id: str
    at: str
    header: str
    body: str
    translations: dict[str, dict[str, str]] = Rule(default_factory=dict)


class MessageSent(MessageShown):
    """`announced_on_apple`: whether iPhones show it on the lock screen. The first message is announced there only where the pass
    had a back field with the key `message` before. Google announces three a day, later ones stand inside the pass."""

    pass_id: str
    notified_devices: int
    announced_on_apple: bool


class PassDetail(PassShown):
    """`messages`: the last ten that were sent to the holder, the newest last."""

    delivery: list[DeliveryState]
    messages: list[MessageShown] = Rule(default_factory=list)


class PassChanged(PassSummary):
    """`notified_devices`: how many devices and Google holders will be told. 0 when unchanged."""

    notified_devices: int
    unchanged: bool


class PassReplaced(PassChanged):
    """`findings`: what a wallet cuts, drops or shows otherwise of the pass as it is now, also when it is unchanged."""

    findings: list[FindingShown]


class RowError(Out):
    path: str
    code: str
    message: str
    mend: str


class RowIssued(Out):
    """`id` and `share_url` of the new pass, or what is wrong with the row."""

    index: int
    id: str | None
    share_url: str | None
    errors: list[RowError]


class PassesIssued(Out):
    """How many were issued and refused, and what became of each row, in order."""

    issued: int
    refused: int
    results: list[RowIssued]


class PassLinks(Out):
    """`share_url` leads each phone to its wallet; the other two are for pages of your own. `apple_bundle_url` needs the key."""

    share_url: str
    google_save_url: str
    apple_bundle_url: str


class PassSnippets(Out):
    """`share_url` leads every visitor on, `direct_url` a phone straight into its wallet. Pictures of the QR code
    need no key."""

    language: str
    share_url: str
    direct_url: str
    qr_svg_url: str
    qr_png_url: str
    button_html: str
    mail_html: str


class KeyShown(Out):
    id: str
    name: str
    environment: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None


class KeyCreated(KeyShown):
    """`key` is shown this once: null when an answer is given again under its idempotency key."""

    key: str | None


class KeyList(Out):
    items: list[KeyShown]


class UsageShown(Out):
    """Of the calendar month (UTC) so far. `limit` and `remaining` are null without a quota. Unchanged updates count nothing."""

    month: str
    issued: int
    updated: int
    total: int
    limit: int | None
    remaining: int | None
    resets_at: str


class EventShown(Out):
    id: str
    at: str
    kind: str
    subject: str
    wallet: str
    cause: str
    data: dict[str, str | int]


class Listed(Out, Generic[T]):
    """`next_cursor` goes on after the last item. Of passes and templates it is null at the end; of events never, once there are
    any, since more will come."""

    items: list[T]
    next_cursor: str | None
    more: bool


def body(answer: BaseModel) -> bytes:
    return answer.model_dump_json(exclude_unset=True).encode()


def plain(shown: object) -> bytes:
    """Of an answer that is a plain dataclass, as a till's are: nobody checks again what we have made ourselves."""
    return _encode(shown)


def _summary(addresses: Addresses, pass_: Pass) -> dict[str, object]:
    return {
        "id": pass_.id,
        "template_id": pass_.template_id,
        "values": pass_.values if pass_.template_id or pass_.values else None,
        "voided": pass_.voided,
        "version": pass_.version,
        "issued_at": iso(pass_.issued_at_ms),
        "updated_at": iso(pass_.updated_at_ms),
        "share_url": addresses.share(pass_.id),
    }


def pass_summary(addresses: Addresses, pass_: Pass) -> PassSummary:
    return PassSummary.model_validate(_summary(addresses, pass_))


def pass_made(addresses: Addresses, made: Stored) -> PassMade:
    more = {"content": content_out(made.content), "findings": _findings(made.findings)}
    return PassMade.model_validate(_summary(addresses, made.pass_) | more)


def _findings(found: Sequence[Finding]) -> list[FindingShown]:
    """Of a pass's content, said of the pass."""
    return [finding_shown(one.within("content")) for one in found]


def finding_shown(one: Finding) -> FindingShown:
    return FindingShown(
        code=one.code, severity=one.severity, path=one.path, message=one.message, mend=one.mend, otherwise=one.otherwise
    )


def pass_detail(addresses: Addresses, state: PassState) -> PassDetail:
    rows = [_delivery(row) for row in state.delivery]
    return PassDetail.model_validate(
        _summary(addresses, state.pass_) | {"content": content_out(state.content), "delivery": rows} | _messages(state.pass_)
    )


def _messages(pass_: Pass) -> dict[str, object]:
    return {"messages": [_message(one) for one in pass_.messages]} if pass_.messages else {}


def _message(one: Message) -> dict[str, object]:
    shown: dict[str, object] = {"id": one.id, "at": iso(one.at_ms), "header": one.header, "body": one.body}
    return shown | ({"translations": one.translations} if one.translations else {})


def message_sent(sent: Sent) -> MessageSent:
    told = {"pass_id": sent.pass_.id, "notified_devices": sent.notified, "announced_on_apple": sent.announced_on_apple}
    return MessageSent.model_validate(_message(sent.message) | told)


def _delivery(row: dict[str, str | int]) -> DeliveryState:
    return DeliveryState(
        channel=str(row["channel"]),
        target=str(row["target"]),
        wanted=int(row["wanted"]),
        delivered=int(row["delivered"]),
        attempts=int(row["attempts"]),
        current=int(row["delivered"]) >= int(row["wanted"]),
        last_error=str(row["last_error"]) if row.get("last_error") else None,
    )


def pass_changed(addresses: Addresses, updated: Updated) -> PassChanged:
    return PassChanged.model_validate(_changed(addresses, updated))


def pass_replaced(addresses: Addresses, updated: Updated) -> PassReplaced:
    return PassReplaced.model_validate(_changed(addresses, updated) | {"findings": _findings(updated.findings)})


def _changed(addresses: Addresses, updated: Updated) -> dict[str, object]:
    return _summary(addresses, updated.pass_) | {"notified_devices": updated.notified, "unchanged": updated.unchanged}


def passes_issued(addresses: Addresses, rows: Sequence[Row]) -> PassesIssued:
    results = [
        RowIssued(
            index=index,
            id=one.id,
            share_url=None if one.id is None else addresses.share(PassId(one.id)),
            errors=[
                RowError(path=f"passes[{index}].{path}", code=code, message=message, mend=mend)
                for path, code, message, mend in one.problems
            ],
        )
        for index, one in enumerate(rows)
    ]
    issued = sum(one.id is not None for one in rows)
    return PassesIssued(issued=issued, refused=len(rows) - issued, results=results)


def _key(key: AccessKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "environment": key.scope.environment.value,
        "scopes": sorted(key.scopes),
        "created_at": iso(key.created_at_ms),
        "expires_at": iso_or_none(key.expires_at_ms),
        "revoked_at": iso_or_none(key.revoked_at_ms),
        "last_used_at": iso_or_none(key.last_used_at_ms),
    }


def key_shown(key: AccessKey) -> KeyShown:
    return KeyShown.model_validate(_key(key))


def key_created(key: AccessKey, text: str | None) -> KeyCreated:
    return KeyCreated.model_validate(_key(key) | {"key": text})


def usage_shown(used: Used) -> UsageShown:
    return UsageShown(
        month=used.month,
        issued=used.counts.get("issued", 0),
        updated=used.counts.get("updated", 0),
        total=used.total,
        limit=used.limit,
        remaining=None if used.limit is None else max(0, used.limit - used.total),
        resets_at=used.resets_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def event_shown(event: Event) -> EventShown:
    return EventShown(
        id=event.id,
        at=iso(event.at_ms),
        kind=event.kind.value,
        subject=event.subject,
        wallet=event.wallet,
        cause=event.cause,
        data=event.data,
    )
