"""A content as Google's class: what all passes of a template share, its id, and when two passes need two classes.

- A pass with its own content and no kind: a generic class holds nothing but the layout of the card's rows, so it is called after
  that, and a few classes serve all such passes of an environment.
- A pass of a template: `<issuer>.<template id>`. Where members of the class come from the pass's own values (a tier, an event),
  a digest of such a class stands behind that.
- A pass with its own content and a kind: the class is called after what is in it.

May not enter: the network, the store, what only objects hold. Source: reference/google-wallet.md sections 1.4, 1.5 and 9.4."""

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import msgspec

from billfold.domain.content import Content, JsonObject, Kind
from billfold.domain.ids import Scope
from billfold.domain.passes import Pass, Template
from billfold.wallets.google import modules, overrides
from billfold.wallets.google.look import HOLDERS, Look, Made, look_of
from billfold.wallets.google.objects import made_of, patch_of
from billfold.wallets.google.shapes import (
    Airport,
    CallbackOptions,
    EventTicketClass,
    FlightHeader,
    GenericClass,
    Image,
    LocalizedString,
    PassClass,
)
from billfold.wallets.google.verticals import GENERIC, Vertical, vertical_of

EVENT_ID_MAX: Final = 64
_HASH_LENGTH: Final = 12
_OWN: Final = "own:"


@dataclass(frozen=True, slots=True)
class WantedClass:
    """A class as Google shall have it. `body`: JSON for insert; `patch`: for PATCH; `fingerprint`: of what is in it, behind
    its kind."""

    id: str
    vertical: Vertical
    body: bytes
    patch: bytes
    fingerprint: str


def class_id(pass_: Pass, look: Look, template: Template | None, made: Made | None = None) -> str:
    """`made`: what the content's vertical made of it, where it is at hand."""
    content = look.content
    if content.kind is None or (content.kind is Kind.GENERIC and template is None):
        return _layout_id(pass_.issuer_id, pass_.scope, content)
    own = _digest(_core(look, made))
    if template is None:
        kind = vertical_of(content).class_kind.removesuffix("Class")
        return f"{pass_.issuer_id}.{pass_.scope.code}-{kind}-{own}"
    shared = _digest(_core(look_of(template.content, look.images), None))
    return f"{pass_.issuer_id}.{template.id}" + ("" if own == shared else f"-{own}")


def wanted_class(id: str, look: Look, made: Made | None, callback_url: str | None) -> WantedClass:
    vertical = vertical_of(look.content)
    core, own = _core(look, made)
    if vertical is GENERIC and not own:
        return _layout_class(id, core, callback_url)
    return _finished(id, vertical, core, own, callback_url)


@lru_cache(maxsize=256)
def _layout_class(id: str, core: PassClass, callback_url: str | None) -> WantedClass:
    """Each pass that is sent needs its class, and few classes serve most passes."""
    return _finished(id, GENERIC, core, {}, callback_url)


def _finished(id: str, vertical: Vertical, core: PassClass, own: JsonObject, callback_url: str | None) -> WantedClass:
    class_ = msgspec.structs.replace(
        core,
        id=id,
        callback_options=CallbackOptions(callback_url) if callback_url else None,
        redemption_issuers=(id.partition(".")[0],) if core.enable_smart_tap else None,
    )
    if isinstance(class_, EventTicketClass):
        class_ = msgspec.structs.replace(class_, event_id=id.partition(".")[2][-EVENT_ID_MAX:])
    body: JsonObject = msgspec.to_builtins(class_)
    patch: JsonObject = msgspec.to_builtins(patch_of(class_))
    if own:
        body, patch = overrides.merged_class(body, own), overrides.patched_class(patch, own)
    encoded = msgspec.json.encode(body)
    mark = f"{vertical.class_kind}:{_OWN if own else ''}{hashlib.sha256(encoded).hexdigest()}"
    return WantedClass(id, vertical, encoded, msgspec.json.encode(patch), mark)


def essential_class(made: Made, id: str) -> JsonObject:
    """What Google must be told to make a class that it does not have: for a save link, whose length is scarce."""
    class_ = msgspec.structs.replace(made.class_, id=id)
    return {sent_as: _bare(getattr(class_, name)) for name, sent_as in _required(type(class_))}


@cache
def _required(shape: type[PassClass]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.encode_name) for one in msgspec.structs.fields(shape) if one.required)


def _bare(value: object) -> object:
    """Without what may follow: translations, descriptions of pictures, pictures inside."""
    if isinstance(value, Image):
        return Image(value.source_uri)
    if isinstance(value, LocalizedString):
        return msgspec.structs.replace(value, translated_values=None)
    if isinstance(value, FlightHeader):
        carrier = msgspec.structs.replace(value.carrier, airline_name=None, airline_logo=None, wide_airline_logo=None)
        return msgspec.structs.replace(value, carrier=carrier)
    if isinstance(value, Airport):
        return Airport(value.airport_iata_code)
    return value


def kind_of_class(fingerprint: str | None) -> str:
    """Which kind of class it is, of one that was made: what `WantedClass.fingerprint` begins with."""
    kind, colon, _ = (fingerprint or "").partition(":")
    return kind if colon else GENERIC.class_kind


def with_overrides(fingerprint: str | None) -> bool:
    """Whether members of the content's own were in it: then it is replaced as a whole, so that they go when they are gone."""
    return (fingerprint or "").partition(":")[2].startswith(_OWN)


def _layout_id(issuer_id: str, scope: Scope, content: Content) -> str:
    """`<issuer>.<scope>-layout-<rows>`: two contents of one environment share a class exactly when they need the same one."""
    rows = modules.layout_name(modules.layout(modules.front_groups(content)))
    tap = "-tap" if content.smart_tap else ""
    own = f"-{_digest_of(content.overrides.google_class)}" if content.overrides and content.overrides.google_class else ""
    return f"{issuer_id}.{scope.code}-layout-{rows}{tap}{own}"


def _core(look: Look, made: Made | None) -> tuple[PassClass, JsonObject]:
    """The class without id and callback address, and what the content overrides in it."""
    content = look.content
    own = content.overrides.google_class if content.overrides else {}
    tap = True if content.smart_tap else None
    if vertical_of(content) is GENERIC:
        rows = modules.card_rows(modules.front_groups(content))
        class_ = GenericClass(
            id="", multiple_devices_and_holders_allowed_status=HOLDERS, class_template_info=rows, enable_smart_tap=tap
        )
        return class_, own
    made = made or made_of(look)
    rows = modules.card_rows(modules.front_groups(content, made.places), made.places) if made.rows else None
    return msgspec.structs.replace(made.class_, class_template_info=rows, enable_smart_tap=tap), own


def _digest(core: tuple[PassClass, JsonObject]) -> str:
    return _digest_of(core)


def _digest_of(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:_HASH_LENGTH]
