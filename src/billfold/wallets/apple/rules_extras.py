"""What Apple requires of what few contents have: beacons, spans of relevance, NFC, newer layouts, tags, own members.

Rows 28 to 31 and 38 to 41 of reference/apple-wallet.md section 9, and what Apple has no place for: what is lost is a finding.
May not enter: fields (rules_fields.py), the clock, certificates (`judge_entitlement` is told)."""

import re

from billfold.domain.content import Content, ImageSlot, Nfc, Relevance, SignUp, Style, TransitType
from billfold.ports import Finding
from billfold.wallets.apple import predicates
from billfold.wallets.apple.pass_json import POSTER_STYLES, SCHEMES
from billfold.wallets.apple.predicates import BEACONS_MAX, DATE_MAX, NFC_MESSAGE_BYTES_MAX
from billfold.wallets.apple.rules_fields import judge_poster
from billfold.wallets.apple.rules_trees import judge_overrides, judge_tags
from billfold.wallets.apple.verdicts import ERROR, IGNORED, WARNING, date_out_of_range, error, of_fault, warning
from billfold.wallets.apple.vocabulary import images_of, vocabulary

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_PORT_MAX = 65_535
_CLASSIC = "the phone shows the classic layout"


def judge_extras(content: Content, pieces: list[str], found: list[Finding]) -> None:
    """Adds texts to `pieces`. Own members are judged last, on a content that is right without them."""
    _beacons(content, pieces, found)
    for number, one in enumerate(content.relevant):
        _relevance(one, f"relevant[{number}]", found)
    if content.nfc is not None:
        pieces += (content.nfc.message, content.nfc.public_key)
        _nfc(content.nfc, found)
    if content.enhanced:
        _enhanced(content, found)
    if content.poster is not None:
        _poster(content, found)
        judge_poster(content.poster, content.style, pieces, found)
    if content.semantics:
        judge_tags(content.semantics, "semantics", content.style, found)
    if content.sign_up is not None:
        pieces += (content.sign_up.description, content.sign_up.terms or "")
        _sign_up(content, content.sign_up, found)
    _lost(content, found)
    if content.overrides is not None and content.overrides.apple and not any(one.severity == ERROR for one in found):
        judge_overrides(content, content.overrides.apple, found)


def judge_entitlement(content: Content, *, has_nfc: bool) -> tuple[Finding, ...]:
    """Row 38, of a certificate: without Apple's entitlement a reader gets nothing, so we leave the member out."""
    if has_nfc or not _has_nfc(content):
        return ()
    text = "the certificate is not entitled to near field communication"
    mend = "ask Apple for the NFC entitlement and import the certificate that comes with it, or leave nfc away"
    return (warning("nfc_not_entitled", "nfc", text, mend, "the pass is made without it"),)


def _has_nfc(content: Content) -> bool:
    return content.nfc is not None or (content.overrides is not None and "nfc" in content.overrides.apple)


def _beacons(content: Content, pieces: list[str], found: list[Finding]) -> None:
    """Row 28."""
    beacons = content.beacons
    if len({one.uuid.lower() for one in beacons}) > BEACONS_MAX:
        text = f"a pass carries at most {BEACONS_MAX} different beacon ids"
        mend = "use one id for all shops, and major and minor numbers for each"
        found.append(error("beacons_too_many", "beacons", text, mend, "those beyond are ignored"))
    for number, one in enumerate(beacons):
        path = f"beacons[{number}]"
        pieces.append(one.relevant_text or "")
        if not _UUID.match(one.uuid):
            mend = "write 32 hexadecimal digits as 8-4-4-4-12"
            found.append(error("beacon_uuid_form", f"{path}.uuid", "this is no id of a beacon", mend, IGNORED))
        for name in ("major", "minor"):
            if (value := getattr(one, name)) is not None and not 0 <= value <= _PORT_MAX:
                mend = f"give a number from 0 to {_PORT_MAX}"
                found.append(error("beacon_number_out_of_range", f"{path}.{name}", "this number is out of range", mend, IGNORED))
    if content.max_distance is not None and content.max_distance <= 0:
        text = "a distance is more than nothing"
        mend = "give metres, or leave it away"
        found.append(error("max_distance_not_positive", "max_distance", text, mend, "the pass is never relevant"))


def _relevance(one: Relevance, path: str, found: list[Finding]) -> None:
    """Row 30."""
    for name, at in (("start", one.start), ("end", one.end)):
        if at is not None and not 0 <= at <= DATE_MAX:
            found.append(date_out_of_range(f"{path}.{name}"))
    if one.end is not None and one.end <= one.start:
        text = "the span ends before it has begun"
        found.append(error("interval_backwards", f"{path}.end", text, "let it end after its start", "the span is ignored"))


def _nfc(given: Nfc, found: list[Finding]) -> None:
    """Row 38."""
    if len(given.message.encode("utf-8", "replace")) > NFC_MESSAGE_BYTES_MAX:
        text = f"the message has more than {NFC_MESSAGE_BYTES_MAX} bytes"
        found.append(error("nfc_message_long", "nfc.message", text, "carry a short reference instead", "it is cut off"))
    if not predicates.is_p256_key(given.public_key):
        text, mend = "this is no P-256 public key", "give the reader's key as base64 of its X.509 SubjectPublicKeyInfo"
        found.append(error("nfc_key_unusable", "nfc.public_key", text, mend, "the reader cannot read what the phone sends"))


def _sign_up(content: Content, form: SignUp, found: list[Finding]) -> None:
    """Row 47. The web service of that row we always have."""
    never = "the form is not shown"
    if not form.ask:
        found.append(error("sign_up_asks_nothing", "sign_up.ask", "the form asks for nothing", "ask for a name, say", never))
    if not form.description.strip():
        text = "the form does not say what one signs up for"
        found.append(error("sign_up_undescribed", "sign_up.description", text, "describe the programme", never))
    if content.nfc is None:
        text = "a form goes with what a reader gets by near field, and there is nothing"
        found.append(error("sign_up_without_nfc", "nfc", text, "give nfc, or leave the form away", never))
    if not any(ImageSlot.PERSONALIZATION_LOGO in images for images in (content.images, *content.localized_images.values())):
        text = "the form has no logo"
        found.append(error("sign_up_without_logo", "images.personalization_logo", text, "give the picture", never))


def _enhanced(content: Content, found: list[Finding]) -> None:
    """Row 39."""
    path = "enhanced"
    air = content.style is Style.BOARDING_PASS and content.transit_type is TransitType.AIR
    if content.style not in SCHEMES or (content.style is Style.BOARDING_PASS and not air):
        text = "only event tickets and boarding passes of airlines have a newer layout"
        found.append(warning("enhanced_ignored", path, text, "leave it away", _CLASSIC))
        return
    scheme = vocabulary().schemes[SCHEMES[content.style][0]]
    kind = content.semantics.get("eventType")
    wanted = scheme.semantics + (scheme.by_event_type.get(kind, ()) if isinstance(kind, str) else ())
    missing = [tag for tag in wanted if tag not in content.semantics]
    for tag in missing:
        text = "the newer layout needs this tag"
        found.append(warning("enhanced_tag_missing", f"semantics.{tag}", text, "give it", _CLASSIC))
    if content.style is Style.EVENT_TICKET and content.barcode is not None and not missing and not _has_nfc(content):
        found.append(of_fault(WARNING, "barcode", predicates.POSTER_TICKET_CODE))
    if not content.primary and not content.secondary and not content.auxiliary:
        mend = "give the fields of the classic layout too"
        found.append(warning("enhanced_without_fields", path, "older phones show fields alone", mend, "there the pass is empty"))


def _poster(content: Content, found: list[Finding]) -> None:
    """Section 2.10."""
    if content.style not in POSTER_STYLES:
        text = "a boarding pass has no poster beside it"
        found.append(warning("poster_misplaced", "poster", text, "leave it away", _CLASSIC))
    if ImageSlot.ARTWORK not in content.images and not any(ImageSlot.ARTWORK in one for one in content.localized_images.values()):
        text = "a poster is all picture, and there is none"
        found.append(warning("poster_without_artwork", "images.artwork", text, "give the picture", "the poster is plain colour"))


def _lost(content: Content, found: list[Finding]) -> None:
    if content.rotating_barcode is not None:
        otherwise = "an iPhone shows the fixed code" if content.barcode else "an iPhone shows no code"
        text = "Apple has no codes that change by time"
        found.append(warning("rotating_barcode_lost", "rotating_barcode", text, "give a fixed barcode for iPhones", otherwise))
    if content.valid_from is not None:
        text = "Apple has no day from which a pass is valid"
        found.append(warning("valid_from_lost", "valid_from", text, "say it in a field too", IGNORED))
    if content.smart_tap is not None and content.nfc is None:
        text, mend = "Apple's readers get another message than Google's", "give nfc for iPhones"
        found.append(warning("smart_tap_lost", "smart_tap", text, mend, "a reader gets nothing from an iPhone"))
    if content.linked:
        text, mend = "Apple links no passes to each other", "hand the others out too, as a pack for instance"
        found.append(warning("linked_lost", "linked", text, mend, "an iPhone gets this pass alone"))
    if content.stamps is not None and "strip" not in images_of(content.style):
        text, mend = "stamps stand in the strip, which this style has not", "make it a store card, a coupon or an event ticket"
        found.append(warning("image_not_shown", "stamps", text, mend, "an iPhone shows no stamps"))
