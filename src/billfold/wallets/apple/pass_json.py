"""Content and a pass's own facts → pass.json, as Wallet reads it. Pure: equal input gives equal bytes.

Only what differs from Wallet's default is written. Sources stand beside each group: WP is Apple's current reference "Wallet
Passes", section numbers are those of reference/apple-wallet.md. The parts are made next door: fields.py, codes.py, dates.py,
places.py, overrides.py. May not enter: judging the content (rules.py), translations (languages.py), settings, I/O."""

from dataclasses import dataclass
from functools import lru_cache

import orjson

from billfold.domain.content import Content, Field, JsonObject, Nfc, Poster, Style, TransitType
from billfold.domain.passes import Pass
from billfold.wallets.alike.moulds import MOULDS_MAX, Mould, cast_of
from billfold.wallets.alike.skeletons import is_markable, marked, own_mark
from billfold.wallets.apple import overrides
from billfold.wallets.apple.codes import add_barcodes
from billfold.wallets.apple.dates import EXPIRATION, add_relevance, date_text
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
    listed,
)
from billfold.wallets.apple.places import add_places
from billfold.wallets.apple.skeletons import Skeleton, cut

TRANSIT_TYPES = {
    TransitType.AIR: "PKTransitTypeAir",
    TransitType.BOAT: "PKTransitTypeBoat",
    TransitType.BUS: "PKTransitTypeBus",
    TransitType.TRAIN: "PKTransitTypeTrain",
    TransitType.GENERIC: "PKTransitTypeGeneric",
}
GROUPING_STYLES = (Style.BOARDING_PASS, Style.EVENT_TICKET)
SCHEMES = {
    Style.EVENT_TICKET: ["posterEventTicket", "eventTicket"],
    Style.BOARDING_PASS: ["semanticBoardingPass", "boardingPass"],
}
"""The newer layouts, iOS 18 and 26; the system takes the first whose needs are met. Sections 2.8 and 2.9."""
_TICKET = Style.EVENT_TICKET
_STYLE_KEYS = {one: one.value for one in Style}
"""For the hot path: up to Python 3.11 an enum's member and its value cost a hundred nanoseconds each."""
POSTER_STYLES = (Style.GENERIC, Style.STORE_CARD, Style.COUPON, Style.EVENT_TICKET)
"""Those that a poster may stand beside. Section 2.10."""


@dataclass(frozen=True, slots=True)
class IssuingFacts:
    """What a pass has from its certificate and from this server. `authentication_token`: 16 characters or more, never changed.

    `has_nfc`: Apple has entitled the certificate; without that a reader gets nothing, so `nfc` is left out."""

    pass_type: str
    team: str
    web_service_url: str
    authentication_token: str
    has_nfc: bool = False

    def __post_init__(self) -> None:
        assert len(self.authentication_token) >= 16, "Wallet wants tokens of 16 characters or more"


_NOBODY = IssuingFacts("", "", "", "x" * 16)


def pass_json(pass_: Pass, content: Content, facts: IssuingFacts) -> bytes:
    """UTF-8, strict JSON, no byte order mark. `content` has passed rules.check."""
    cast = cast_of(content)
    if cast is not None and (skeleton := _skeleton(cast[0])) is not None:
        own = (facts.pass_type, pass_.id, facts.team, facts.web_service_url, facts.authentication_token)
        return skeleton.filled(own, content, cast[1])
    return orjson.dumps(document_of(pass_.id, content, facts))


@lru_cache(maxsize=MOULDS_MAX)
def _skeleton(mould: Mould) -> Skeleton | None:
    example = mould.example
    pass_type, serial_number, team, url, token = [own_mark(example, at) for at in range(5)]
    facts = IssuingFacts(pass_type, team, url, token)
    if not is_markable(orjson.dumps(document_of("", marked(example, lambda _: ""), _NOBODY))):
        return None
    document = document_of(serial_number, marked(example), facts)
    style = document[_STYLE_KEYS[example.style]]
    assert isinstance(style, dict)
    groups = [group for fields, group in _groups(example) for _ in fields]
    return cut(document, style, example, groups)


def document_of(serial_number: str, content: Content, facts: IssuingFacts) -> JsonObject:
    """The same before it is written. Shares objects with the content: not to be changed."""
    out: JsonObject = {
        # Identity and look. WP/pass, section 2.1. The pair (type, serial number) never changes during a pass's life.
        "formatVersion": 1,
        "passTypeIdentifier": facts.pass_type,
        "serialNumber": serial_number,
        "teamIdentifier": facts.team,
        "organizationName": content.organization_name,
        "description": content.description,
        "backgroundColor": _rgb(content.background_color),
        "foregroundColor": _rgb(content.foreground_color),
        "labelColor": _rgb(content.label_color),
        # Updates. WP/adding-a-web-service-to-update-passes, section 4. Both keys or neither.
        "webServiceURL": facts.web_service_url,
        "authenticationToken": facts.authentication_token,
        _STYLE_KEYS[content.style]: _style(content),
    }
    if content.logo_text is not None:
        out["logoText"] = content.logo_text
    if (code := content.barcode) is not None:
        add_barcodes(out, (code, *content.barcode_fallbacks) if content.barcode_fallbacks else (code,))
    if content.locations or content.beacons or content.max_distance is not None:
        add_places(out, content)
    _add_state(out, content)
    if content.semantics:
        out["semantics"] = content.semantics
    if content.enhanced and content.style in SCHEMES:
        out["preferredStyleSchemes"] = SCHEMES[content.style]
    if content.poster is not None and content.style in POSTER_STYLES:
        out["posterGeneric"] = _poster(content, content.poster)
    if content.nfc is not None:
        out["nfc"] = _nfc(content.nfc)
    if content.overrides is not None and content.overrides.apple:
        out = overrides.merge(out, content.overrides.apple)
    if not facts.has_nfc:
        out.pop("nfc", None)
    return out


def _style(content: Content) -> JsonObject:
    """The style's dictionary of field groups. WP/passfields, section 2.4."""
    style: JsonObject = {}
    for fields, group in _groups(content):
        if fields:
            style[group.key] = listed(fields, group)
    if content.transit_type is not None:
        style["transitType"] = TRANSIT_TYPES[content.transit_type]
    return style


def _groups(content: Content) -> tuple[tuple[tuple[Field, ...], Group], ...]:
    front = (
        (content.header, HEADER),
        (content.primary, PRIMARY),
        (content.secondary, SECONDARY),
        (content.auxiliary, AUXILIARY_IN_ROWS if content.style is _TICKET else AUXILIARY),
    )
    if not content.additional:
        return (*front, (content.back, BACK))
    if content.style is _TICKET and content.enhanced:
        return (*front, (content.additional, ADDITIONAL), (content.back, BACK))
    return (*front, (content.additional + content.back, BACK))  # only the poster of a ticket has a place for them


def _poster(content: Content, poster: Poster) -> JsonObject:
    """What iOS 27 shows instead of the style, which older systems need. It has the same back. WP/creating-a-poster-generic-pass,
    section 2.10."""
    style: JsonObject = {}
    groups = (HEADER, poster.header), (PRIMARY, poster.primary), (FOOTER, poster.footer), (ADDITIONAL, poster.additional)
    for group, shown in (*groups, (BACK, content.back)):
        if shown:
            style[group.key] = listed(shown, group)
    return style


def _nfc(given: Nfc) -> JsonObject:
    """WP/pass/nfc-data.dictionary, section 3."""
    out: JsonObject = {"message": given.message, "encryptionPublicKey": given.public_key}
    if given.requires_authentication:
        out["requiresAuthentication"] = True
    return out


def _add_state(out: JsonObject, content: Content) -> None:
    """Dates, void, sharing, grouping. WP/pass, section 2.1."""
    if content.sharing_prohibited:
        out["sharingProhibited"] = True
    if content.expires_at is not None:
        out[EXPIRATION] = date_text(content.expires_at)
    if content.relevant_at is not None or content.relevant:
        add_relevance(out, content)
    if content.voided:
        out["voided"] = True
    if content.grouping is not None and content.style in GROUPING_STYLES:
        out["groupingIdentifier"] = content.grouping


@lru_cache(maxsize=4096)
def _rgb(color: str) -> str:
    """`#rrggbb` → `rgb(r, g, b)`, the only documented form. Section 2.2."""
    value = int(color[1:], 16)
    return f"rgb({value >> 16}, {value >> 8 & 255}, {value & 255})"
