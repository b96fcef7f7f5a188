"""One pass to Google: class, object, messages, places, and what is remembered of it.

The order is the contract. Class before object, since an object needs its class. Object before message, since whoever is notified
looks at the pass. What was done is remembered even when a later step fails, so that a repeat does only the rest. A crash between a
request and its memory repeats the request: PATCH then changes nothing, and a message is recognised by its id among those in PATCH's
answer; only one that Google has dropped by then could come twice.
May not enter: which rows are due, pacing, credentials. Source: reference/google-wallet.md sections 2.4, 4 and 9.4."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakValueDictionary

import msgspec

from billfold.domain.content import Content, Field, changed_fields
from billfold.domain.ids import Scope
from billfold.domain.messages import BODY, HEADER, Message
from billfold.domain.passes import Pass
from billfold.ports import GoogleObject, Store, Tx
from billfold.wallets.google import classes, objects
from billfold.wallets.google.classes import WantedClass
from billfold.wallets.google.client import (
    Answer,
    Denied,
    Exists,
    Failure,
    GoogleClient,
    Missing,
    QuotaExceeded,
    Refused,
    Resource,
    Stored,
)
from billfold.wallets.google.objects import WantedObject
from billfold.wallets.google.shapes import LocalizedString
from billfold.wallets.google.words import Words

NOTICES_MAX: Final = 3
DAY_MS: Final = 86_400_000
MESSAGES_MAX: Final = 10
MESSAGES_KEPT: Final = 5
"""At the limit of ten the older half goes, so that not each message costs a request to make room for it."""

LOCATIONS_KEY: Final = "@merchantLocations"
"""Among the remembered values: the places last sent. No field can have this key: fields are paired by their own keys only."""
MESSAGES_KEY: Final = "@messages"
"""Likewise the id of the last message to the holder that was sent."""
OBJECT_KEY: Final = "@object"
"""Likewise the digest of the object as it was last sent: a change of the class alone is no request for each object."""
OWN_KEY: Final = "@own"
"""Likewise the digest of the members that the content overrides."""
UPDATE_NOTICE_PLACES: Final = frozenset(
    {"object.loyaltyPoints.balance", "object.secondaryLoyaltyPoints.balance", "class.rewardsTier", "object.seatInfo.seat"}
)
"""Members whose change Google announces in its own words when asked with `notifyPreference`, by a quota of its own."""


class NotPublished(Exception):
    """A request was answered so that this pass cannot go on now."""

    def __init__(self, answer: Failure) -> None:
        super().__init__(type(answer).__name__)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pass as Google shall have it, and what is remembered of it (`state` None: nothing). `places`: field key → the member that
    shows it. `unlinked`: linked passes that Google does not have yet."""

    pass_: Pass
    content: Content
    class_: WantedClass
    object_: WantedObject
    state: GoogleObject | None
    class_fingerprint: str | None
    places: Mapping[str, str] = field(default_factory=dict)
    unlinked: tuple[str, ...] = ()

    @property
    def words(self) -> Words:
        return Words(self.content)


@dataclass(slots=True)
class Gate:
    """Whether an issuer may use merchantLocations: closed for a day when Google refuses them."""

    closed_until_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Saying:
    """One message as Google gets it. `key` and `value`: what is remembered once it was sent."""

    id: str
    header: LocalizedString
    text: LocalizedString
    key: str
    value: str


@dataclass(slots=True)
class _Done:
    """What Google has by now; written down however the pass ends."""

    values: dict[str, str]
    notified_ms: tuple[int, ...]
    has_users: bool | None = None


class Publisher:
    """Writes passes through one client. `urgent`: these requests may use the places that are kept free."""

    def __init__(self, store: Store, client: GoogleClient, gate: Gate, now_ms: int, locks: "Locks", *, urgent: bool) -> None:
        self._store = store
        self._client = client
        self._gate = gate
        self._now_ms = now_ms
        self._locks = locks
        self._urgent = urgent

    async def publish(self, wanted: Wanted) -> None:
        """Raises NotPublished. The caller holds the lock of the object: two writers would undo each other."""
        scope = wanted.pass_.scope
        if wanted.class_fingerprint != wanted.class_.fingerprint:
            await self._put_class(scope, wanted.class_, again=False)
        if _is_there(wanted):
            resource, made = Resource(), False
        else:
            resource, made = await self._put_object(scope, wanted)
        # Nobody holds an object that was not there: nothing has changed for anybody.
        before = wanted.state.values if wanted.state and not made else {}
        pending = [one for one in changed_fields(before, wanted.content) if one.change_message][:MESSAGES_MAX]
        done = _Done(
            values={one.key: one.value for one in wanted.content.fields()} | {one.key: before[one.key] for one in pending},
            notified_ms=tuple(at for at in (wanted.state.notified_ms if wanted.state else ()) if at > self._now_ms - DAY_MS),
            has_users=resource.has_users,
        )
        for key in (LOCATIONS_KEY, MESSAGES_KEY):
            if key in before:
                done.values[key] = before[key]
        if wanted.pass_.template_id is not None:
            done.values[OBJECT_KEY] = wanted.object_.digest
        if own := wanted.object_.own:
            done.values[OWN_KEY] = own
        try:
            sayings = [_of_field(wanted, one) for one in pending] + _of_messages(wanted, before.get(MESSAGES_KEY, ""))
            await self._send_messages(wanted, resource, sayings[-MESSAGES_MAX:], done, quiet=made)
            await self._put_locations(wanted, done)
        finally:
            await self._store.write(lambda tx: _remember(tx, wanted, done))

    # --- class --------------------------------------------------------------------------------------------------------------------

    async def _put_class(self, scope: Scope, class_: WantedClass, *, again: bool) -> None:
        """Makes or changes the class. `again`: Google says that it has none, whatever we remember. A class with members of the
        content's own, now or before, is replaced as a whole: PATCH would keep those that are gone."""
        kind, fingerprint = class_.vertical.class_kind, class_.fingerprint
        async with self._locks.of(class_.id):
            known = await self._store.read(lambda tx: tx.google.class_fingerprint(scope, class_.id))
            if known == fingerprint and not again:  # another pass of the same layout was faster
                return
            patch = known is not None and not again
            for _ in range(3):
                if patch and (classes.with_overrides(known) or classes.with_overrides(fingerprint)):
                    answer = await self._client.update(kind, class_.id, class_.body, urgent=self._urgent)
                elif patch:
                    answer = await self._client.patch(kind, class_.id, class_.patch, urgent=self._urgent)
                else:
                    answer = await self._client.insert(kind, class_.body, urgent=self._urgent)
                if not isinstance(answer, Exists | Missing):
                    break
                patch = isinstance(answer, Exists)
            _stored(answer)
            await self._store.write(lambda tx: tx.google.put_class(scope, class_.id, fingerprint))

    # --- object -------------------------------------------------------------------------------------------------------------------

    async def _put_object(self, scope: Scope, wanted: Wanted) -> tuple[Resource, bool]:
        """Makes the object (then also True) or changes it. 404 may mean the object or its class: whichever it was is made, each
        once."""
        one = wanted.object_
        kind = one.vertical.object_kind
        patch = wanted.state is not None
        exists = class_made = False
        answer: Answer = Missing("not asked")
        for _ in range(5):
            if patch and wanted.state is not None and wanted.state.values.get(OWN_KEY, "") != one.own:
                answer = await self._replace(wanted)
            elif patch:
                body = msgspec.json.encode(one.patch | self._notice(wanted))
                answer = await self._client.patch(kind, one.id, body, urgent=self._urgent)
            else:
                answer = await self._client.insert(kind, one.encoded, urgent=self._urgent)
            if isinstance(answer, Exists):
                patch = exists = True
            elif not isinstance(answer, Missing):
                break
            elif patch and not exists:
                patch = False
            elif class_made:
                break
            else:
                await self._put_class(scope, wanted.class_, again=True)
                class_made = True
        return _stored(answer), not patch

    async def _replace(self, wanted: Wanted) -> Answer:
        """The whole object anew, with the messages and places that Google has: PATCH would keep own members that are gone."""
        one = wanted.object_
        kind = one.vertical.object_kind
        there = await self._client.get(kind, one.id, urgent=self._urgent)
        if not isinstance(there, Stored):
            return there
        kept = msgspec.json.decode(there.body, type=dict[str, msgspec.Raw])
        body = one.body | {name: kept[name] for name in ("messages", "merchantLocations") if name in kept}
        return await self._client.update(kind, one.id, msgspec.json.encode(body), urgent=self._urgent)

    def _notice(self, wanted: Wanted) -> dict[str, object]:
        """Once the messages of a day are used up, Google may still say by itself that points or a seat changed."""
        state = wanted.state
        if state is None or not wanted.object_.vertical.reviewed:
            return {}
        if sum(at > self._now_ms - DAY_MS for at in state.notified_ms) < NOTICES_MAX:
            return {}
        changed = changed_fields(state.values, wanted.content)
        tells = any(one.change_message and wanted.places.get(one.key) in UPDATE_NOTICE_PLACES for one in changed)
        return {"notifyPreference": "NOTIFY_ON_UPDATE"} if tells else {}

    # --- messages -----------------------------------------------------------------------------------------------------------------

    async def _send_messages(self, wanted: Wanted, resource: Resource, sayings: list[_Saying], done: _Done, *, quiet: bool) -> None:
        """One message a changed field, and those to the holder; those that Google has already left out. Each is remembered as it
        goes. `quiet`: nobody holds the pass yet, so nobody is disturbed."""
        there = {_id_of(one) for one in resource.messages}
        new = [one for one in sayings if one.id not in there]
        for one in sayings:
            if one.id in there:
                done.values[one.key] = one.value
        if not new:
            return
        await self._make_room(wanted.object_, resource.messages, len(new))
        for one in new:
            await self._send_message(wanted, one, done, quiet=quiet)

    async def _send_message(self, wanted: Wanted, one: _Saying, done: _Done, *, quiet: bool) -> None:
        kind = wanted.object_.vertical.object_kind
        answer: Answer = QuotaExceeded("counted here")
        if len(done.notified_ms) < NOTICES_MAX and not quiet:
            body = objects.message_body(one.id, one.header, one.text, notify=True)
            answer = await self._client.add_message(kind, wanted.object_.id, body, urgent=self._urgent)
            if isinstance(answer, Stored):
                done.notified_ms += (self._now_ms,)
            elif isinstance(answer, QuotaExceeded):
                done.notified_ms = (self._now_ms,) * NOTICES_MAX  # Google counted more than we did: quiet for a day
        if isinstance(answer, QuotaExceeded | Denied):  # the object was just written, so the account as such is not denied
            body = objects.message_body(one.id, one.header, one.text, notify=False)
            answer = await self._client.add_message(kind, wanted.object_.id, body, urgent=self._urgent)
        if isinstance(answer, Stored | Refused):  # what was refused once is not tried at each later change
            done.values[one.key] = one.value
        _stored(answer)

    async def _make_room(self, one: WantedObject, there: list[msgspec.Raw], count: int) -> None:
        """Google keeps ten messages: the oldest give way, as they were written."""
        if len(there) + count <= MESSAGES_MAX:
            return
        keep = min(MESSAGES_KEPT, MESSAGES_MAX - count)
        body = msgspec.json.encode({"messages": there[len(there) - keep :]})
        _stored(await self._client.patch(one.vertical.object_kind, one.id, body, urgent=self._urgent))

    # --- places -------------------------------------------------------------------------------------------------------------------

    async def _put_locations(self, wanted: Wanted, done: _Done) -> None:
        """In a request of its own, which may be refused without harm: most issuers are not enabled for it. The places were checked
        before, so a refusal speaks about the issuer."""
        places = objects.locations(wanted.content)
        text = msgspec.json.encode(places).decode() if places else ""
        if done.values.get(LOCATIONS_KEY, "") == text or self._now_ms < self._gate.closed_until_ms:
            return
        kind = wanted.object_.vertical.object_kind
        answer = await self._client.patch(kind, wanted.object_.id, objects.locations_patch(places), urgent=self._urgent)
        if isinstance(answer, Refused | Denied):
            self._gate.closed_until_ms = self._now_ms + DAY_MS
            return
        _stored(answer)
        done.values.pop(LOCATIONS_KEY, None)
        if text:
            done.values[LOCATIONS_KEY] = text


class Locks:
    """One lock a name, for as long as somebody holds or awaits it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock


def _is_there(wanted: Wanted) -> bool:
    """Whether a new revision of a template left the object as Google has it, and nothing is to be said: messages need what PATCH
    answers. Whatever else makes a row due writes the object, so that trouble heals."""
    pass_, state = wanted.pass_, wanted.state
    if pass_.template_number <= pass_.number or state is None or state.values.get(OBJECT_KEY) != wanted.object_.digest:
        return False
    told = any(one.change_message for one in changed_fields(state.values, wanted.content))
    return not told and not _of_messages(wanted, state.values.get(MESSAGES_KEY, ""))


def _of_field(wanted: Wanted, one: Field) -> _Saying:
    content = wanted.content
    title = content.organization_name or content.logo_text or content.description
    header, text = wanted.words.at("organization_name", title), objects.message_text(one, content)
    return _Saying(objects.message_id(wanted.pass_.version, one), header, text, one.key, one.value)


def _of_messages(wanted: Wanted, last: str) -> list[_Saying]:
    """Those after the one that was sent last; their ids sort by time."""
    words = wanted.words

    def said(one: Message, part: str) -> LocalizedString:
        return words.brought(getattr(one, part), {language: one.said(part, language) for language in one.translations})

    return [
        _Saying(f"m-{one.id}", said(one, HEADER), said(one, BODY), MESSAGES_KEY, one.id)
        for one in wanted.pass_.messages
        if one.id > last
    ]


class _MessageId(msgspec.Struct):
    id: str = ""


def _id_of(message: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(message, type=_MessageId).id
    except msgspec.DecodeError:
        return ""


def _stored(answer: Answer) -> Resource:
    if isinstance(answer, Stored):
        return answer.resource
    if isinstance(answer, Exists):
        raise NotPublished(Refused("Google says that it exists and that it does not"))
    raise NotPublished(answer)


def _remember(tx: Tx, wanted: Wanted, done: _Done) -> None:
    """`has_users` of a callback that came meanwhile survives an answer that does not say."""
    pass_ = wanted.pass_
    current = tx.google.find(pass_.scope, pass_.id)
    has_users = done.has_users if done.has_users is not None else current is not None and current.has_users
    state = GoogleObject(pass_.scope, pass_.id, wanted.class_.id, done.values, done.notified_ms, has_users)
    if state != current:
        tx.google.put(state)
