"""Judges any pass.json, ours or a stranger's: what a phone would refuse, drop or show wrongly, and the mend.

Here stand the rules about what several keys mean together, outside the fields; document_shape.py judges each key by the vocabulary,
document_fields.py the fields. Rows are those of reference/apple-wallet.md section 9; thresholds are predicates.py's, which rules.py
asks too. May not enter: archives, signatures, the clock (`now` is given)."""

import datetime
import re

from billfold.wallets.apple import predicates
from billfold.wallets.apple.document_fields import Strings, judge_fields, styles_of
from billfold.wallets.apple.document_shape import IGNORED, NOT_READABLE, Document, judge_shape, numbered, objects, step, text_of
from billfold.wallets.apple.findings import ERROR, WARNING, Findings
from billfold.wallets.apple.lenient_json import Json
from billfold.wallets.apple.vocabulary import vocabulary

POSTER = "posterGeneric"
_LOCAL_STYLES = frozenset({"coupon", "storeCard", "generic"})
_TEAM = re.compile(r"[A-Z0-9]{10}\Z")
_SERIAL = re.compile(r"[A-Za-z0-9._~:@!$&'()*+,;=-]+\Z")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_SERIAL_CHARACTERS_MAX = 128
_BARCODE_PREFIX = "PKBarcodeFormat"


def judge_document(document: Document, strings: Strings, now: datetime.datetime, found: Findings) -> None:
    """All findings about the document itself. `strings`: language folder → texts. `now` is aware."""
    judge_shape(document, found)
    judge_fields(document, strings, found)
    _identity(document, found)
    _styles(document, found)
    _colors(document, found)
    _barcodes(document, found)
    _places(document, found)
    _dates(document, now, found)
    _web_service(document, found)
    _links(document, found)
    _upcoming(document, found)
    _nfc(document, found)
    _schemes(document, found)


def judge_change(earlier: Document, later: Document, found: Findings) -> None:
    """Row 35: what may never differ between two versions of one pass."""
    for name in ("passTypeIdentifier", "serialNumber", "authenticationToken", "teamIdentifier"):
        if earlier.get(name) != later.get(name):
            text = f"{name} differs from the earlier version"
            mend = "keep it for the life of the pass"
            found.error(name, "identity_changed", text, mend, "updates fail for ever, or a second pass appears")


def judge_personalization(document: Document | None, sign_up: Document, has_logo: bool, found: Findings) -> None:
    """Row 47: personalization.json."""
    judge_shape(sign_up, found, "personalization", "personalization")
    otherwise = "the sign-up is not offered"
    if not has_logo:
        mend = "add personalizationLogo.png and its larger versions"
        found.error("personalization", "personalization_logo_missing", "the sign-up has no logo", mend, otherwise)
    for name in ("nfc", "webServiceURL"):
        if document is not None and name not in document:
            text = f"a sign-up needs {name} in pass.json"
            found.error(name, "personalization_incomplete", text, f"add {name}, or leave personalization.json out", otherwise)


def _identity(document: Document, found: Findings) -> None:
    """Rows 3 to 5, as far as they need no certificate."""
    pass_type, team, serial = (text_of(document.get(name)) for name in ("passTypeIdentifier", "teamIdentifier", "serialNumber"))
    if pass_type and not pass_type.startswith("pass."):
        text = "a pass type identifier begins with pass."
        mend = "write the identifier as it is registered, letter for letter"
        found.error("passTypeIdentifier", "pass_type_form", text, mend, "may not match the certificate: the pass is refused")
    if team and not _TEAM.match(team):
        text = "a team identifier has ten capital letters and digits"
        found.warning("teamIdentifier", "team_form", text, "write the certificate's OU", "may not match the certificate")
    if serial and (not _SERIAL.match(serial) or len(serial) > _SERIAL_CHARACTERS_MAX):
        text = "the serial number is long, or holds signs that addresses escape"
        mend = f"use letters, digits, - . _ and at most {_SERIAL_CHARACTERS_MAX} of them"
        found.warning("serialNumber", "serial_number_form", text, mend, "update requests may miss the pass")


def _styles(document: Document, found: Findings) -> None:
    """Rows 6 to 8 and 37."""
    names = [rule.name for rule, _ in styles_of(document)]
    classic = [name for name in names if name != POSTER]
    all_styles = ", ".join(name for name in vocabulary().styles if name != POSTER)
    if not names:
        found.error("", "style_missing", "the pass has no style", f"add one of {all_styles}", NOT_READABLE)
    elif len(classic) > 1:
        found.error("", "styles_many", "the pass has more than one style", f"keep one of {', '.join(classic)}", NOT_READABLE)
    elif not classic:
        text = "posterGeneric stands alone"
        found.warning(POSTER, "poster_generic_alone", text, "add a classic style beside it", "iOS 26 and older cannot add the pass")
    for rule, body in styles_of(document):
        if rule.name == "boardingPass" and "transitType" not in body:
            mend = "write PKTransitTypeAir, Boat, Bus, Train or Generic"
            found.error(
                "boardingPass.transitType", "transit_type_missing", "a boarding pass needs a transit type", mend, NOT_READABLE
            )
        if not any(objects(group) for group in body.values()):
            found.fault(WARNING, rule.name, predicates.STYLE_EMPTY)


def _colors(document: Document, found: Findings) -> None:
    """Row 21. Over a background picture nobody knows the colours."""
    colors = {name: _color(document.get(f"{name}Color")) for name in ("background", "foreground", "label")}
    ground = colors.pop("background")
    for name, color in colors.items():
        if ground and color and predicates.contrast(ground, color) < predicates.CONTRAST_MIN:
            found.fault(WARNING, f"{name}Color", predicates.CONTRAST_LOW)


def _color(value: Json) -> str | None:
    text = text_of(value)
    return predicates.color_of(text) or predicates.undocumented_color_of(text)


# --- barcodes ---------------------------------------------------------------------------------------------------------------------


def _barcodes(document: Document, found: Findings) -> None:
    """Rows 22 to 27."""
    codes = numbered(document.get("barcodes"), "barcodes")
    known = vocabulary().enumerations["barcodeFormat"].since
    for path, one in codes:
        _barcode(path, one, found)
    old = document.get("barcode")
    if isinstance(old, dict):
        _barcode("barcode", old, found)
        if text_of(old.get("format")) in known and old.get("format") not in vocabulary().legacy_formats:
            text = "the key barcode takes QR, PDF417 and Aztec only"
            severity, otherwise = (
                (WARNING, "iOS 8 and older refuse it; newer ones read barcodes") if codes else (ERROR, NOT_READABLE)
            )
            found.add(severity, "barcode.format", "barcode_format_too_new", text, "move this code to barcodes", otherwise)
    formats = [text_of(one.get("format")) for _, one in codes]
    if formats and all(known.get(one) == "27" for one in formats):
        mend = "add a QR code or Code 128 after it"
        text = "no code here is known before iOS 27"
        found.warning("barcodes", "barcode_no_fallback", text, mend, "iOS 26 and older show no code")
    if formats and all(one == f"{_BARCODE_PREFIX}Code128" for one in formats):
        found.fault(WARNING, "barcodes[0].format", predicates.NOT_ON_WATCH)


def _barcode(path: str, one: dict[str, Json], found: Findings) -> None:
    message, charset, format_ = one.get("message"), one.get("messageEncoding"), text_of(one.get("format"))
    if not isinstance(message, str):
        return
    here = step(path, "message")
    name = format_.removeprefix(_BARCODE_PREFIX)
    if not message:
        return  # the shape says that it is empty
    if isinstance(charset, str) and predicates.is_encodable(message, charset) is False:
        text = "the message cannot be written in its messageEncoding"
        found.error(here, "barcode_not_encodable", text, "name utf-8 as messageEncoding", "no code, or a wrong one, is drawn")
    elif (fault := predicates.barcode_fault(name, message)) is not None:
        found.fault(ERROR, here, fault)
    if (fault := predicates.barcode_long_fault(name, message)) is not None:
        found.fault(WARNING, here, fault)


# --- places and dates -------------------------------------------------------------------------------------------------------------


def _places(document: Document, found: Findings) -> None:
    """Rows 28 and 29."""
    for path, one in numbered(document.get("beacons"), "beacons"):
        if text_of(one.get("proximityUUID")) and not _UUID.match(text_of(one.get("proximityUUID"))):
            mend = "write 8-4-4-4-12 hex digits"
            found.error(step(path, "proximityUUID"), "beacon_uuid_form", "this is no UUID", mend, IGNORED)
    ids = {text_of(one.get("proximityUUID")).lower() for one in objects(document.get("beacons"))}
    if len(ids) > predicates.BEACONS_MAX:
        text = f"a pass carries at most {predicates.BEACONS_MAX} different beacon ids"
        mend = "give all shops one id, and tell them apart by major and minor"
        found.error("beacons", "beacons_too_many", text, mend, "those beyond are ignored")
    if document.get("maxDistance") == 0:
        found.error(
            "maxDistance", "max_distance_zero", "a distance of 0 m is never reached", "write metres above 0", "never relevant"
        )
    styles = {rule.name for rule, _ in styles_of(document)}
    dated = bool(document.get("relevantDate") or document.get("relevantDates"))
    if dated and styles and styles <= _LOCAL_STYLES | {POSTER} and not document.get("locations") and not document.get("beacons"):
        text = "this style becomes relevant by place only, never by date alone"
        path = "relevantDate" if "relevantDate" in document else "relevantDates"
        found.warning(path, "relevance_ignored", text, "add a location, or use an event ticket", "never on the lock screen")


def _dates(document: Document, now: datetime.datetime, found: Findings) -> None:
    """Rows 30 and 31."""
    moments = [predicates.date_of(text_of(document.get("relevantDate")))]
    for path, one in numbered(document.get("relevantDates"), "relevantDates"):
        moments.append(_judge_relevant(path, one, found))
    if document.get("relevantDates") and "relevantDate" not in document:
        text = "iOS 17 and older read relevantDate alone"
        found.warning("relevantDates", "relevant_date_for_old_phones", text, "write relevantDate too", "never relevant there")
    expires = predicates.date_of(text_of(document.get("expirationDate")))
    if expires is None:
        return
    relevant = max((one for one in moments if one is not None), default=None)
    if expires < now:
        text = "the pass has expired"
        found.warning(
            "expirationDate", "expired", text, "give a later date, if it should be used", "it is hidden among the expired ones"
        )
    elif relevant is not None and expires < relevant:
        text = "the pass expires before it becomes relevant"
        found.warning(
            "expirationDate", "expires_before_relevant", text, "let it expire after the date that it is for", "it is hidden"
        )


def _judge_relevant(path: str, one: dict[str, Json], found: Findings) -> datetime.datetime | None:
    """The last moment of an entry. Old and new name of a single date are written together (section 2.1)."""
    date, start, end = (predicates.date_of(text_of(one.get(name))) for name in ("date", "startDate", "endDate"))
    if "startDate" in one or "endDate" in one:
        if "startDate" not in one or "endDate" not in one:
            text = "an interval needs startDate and endDate"
            found.error(path, "interval_half", text, "write both", IGNORED)
        elif start is not None and end is not None and end <= start:
            found.error(step(path, "endDate"), "interval_backwards", "the interval ends before it starts", "swap them", IGNORED)
        return end or start
    if "date" not in one and "relevantDate" not in one:
        text = "the entry has neither a date nor an interval"
        found.error(path, "relevant_date_empty", text, "write date and relevantDate, or startDate and endDate", IGNORED)
    elif "relevantDate" not in one:
        text = "iOS 18 reads the date as relevantDate"
        found.warning(
            path, "relevant_date_old_name", text, "write relevantDate with the same value too", "iOS 18 ignores the entry"
        )
    return date or predicates.date_of(text_of(one.get("relevantDate")))


# --- web service, links, readers --------------------------------------------------------------------------------------------------


def _web_service(document: Document, found: Findings) -> None:
    """Rows 32 to 34."""
    url, token = document.get("webServiceURL"), document.get("authenticationToken")
    never = "phones never register, so the pass is never updated"
    if ("webServiceURL" in document) != ("authenticationToken" in document):
        there, missing = ("webServiceURL", "authenticationToken") if url is not None else ("authenticationToken", "webServiceURL")
        text = f"{there} stands without {missing}"
        found.error(missing, "web_service_half", text, f"add {missing}, or leave both away", never)
    if isinstance(token, str):
        if len(token) < predicates.TOKEN_CHARACTERS_MIN:
            text = f"the token has fewer than {predicates.TOKEN_CHARACTERS_MIN} characters"
            found.error(
                "authenticationToken", "token_short", text, "make a random one, per pass", "the pass is refused, or never updated"
            )
        elif not predicates.is_header_safe(token):
            text = "the token holds signs that no header carries"
            found.error("authenticationToken", "token_unsafe", text, "use visible ASCII without spaces", "no update is authorised")
    if not isinstance(url, str) or not url:
        return
    local = predicates.is_local_host(url)
    if (fault := predicates.web_service_fault(url)) is not None:
        if not found.has("url_unusable"):
            found.fault(ERROR, "webServiceURL", fault)
    elif predicates.is_plain_http(url):
        text = "the address is http, not https"
        mend = "serve it by https with a publicly trusted certificate"
        severity = WARNING if local else ERROR
        found.add(
            severity, "webServiceURL", "web_service_not_https", text, mend, "phones register only with a developer setting on"
        )
    elif local:
        text = "only this machine or network reaches the address"
        found.warning("webServiceURL", "web_service_local", text, "use a public address", never)


def _links(document: Document, found: Findings) -> None:
    """Rows 36 and 41."""
    if "appLaunchURL" in document and not document.get("associatedStoreIdentifiers"):
        text = "appLaunchURL needs associatedStoreIdentifiers"
        found.error("appLaunchURL", "app_launch_without_store", text, "add the app's App Store numbers", IGNORED)
    schemes = document.get("preferredStyleSchemes")
    if (
        document.get("featuredActions")
        and isinstance(schemes, list)
        and {"posterEventTicket", "semanticBoardingPass"} & {one for one in schemes if isinstance(one, str)}
    ):
        text = "poster event tickets and semantic boarding passes show no featured actions"
        found.warning("featuredActions", "featured_actions_not_shown", text, "leave them away", IGNORED)
    for path, one in numbered(document.get("featuredActions"), "featuredActions"):
        _target(path, one, found)
    identifiers = [text_of(one.get("identifier")) for one in objects(document.get("featuredActions"))]
    if len(identifiers) != len(set(identifiers)):
        text = "two featured actions have one identifier"
        found.warning("featuredActions", "featured_actions_same", text, "give each its own", "one of them may be lost")


def _upcoming(document: Document, found: Findings) -> None:
    """Section 2.8: the phone tells the events to come apart by their identifiers."""
    named = [text_of(one.get("identifier")) for one in objects(document.get("upcomingPassInformation"))]
    if len(named) != len(set(named)):
        text = "two events to come have one identifier"
        found.warning("upcomingPassInformation", "upcoming_same", text, "give each its own", "one of them may be lost")


def _target(path: str, one: dict[str, Json], found: Findings) -> None:
    """A place is named by its identifier, anything else by its address. Source: passkit-generator 3.6.1."""
    wanted, other = ("placeIdentifier", "url") if one.get("type") == "place" else ("url", "placeIdentifier")
    if wanted not in one:
        text = f"an action of this type needs {wanted}"
        found.error(step(path, wanted), "featured_action_target", text, f"add {wanted}", IGNORED)
    elif other in one:
        text = f"an action of this type has no {other}"
        found.warning(step(path, other), "featured_action_target", text, "leave it away", "the action may be ignored")


def _nfc(document: Document, found: Findings) -> None:
    """Row 38."""
    nfc = document.get("nfc")
    if not isinstance(nfc, dict):
        return
    if len(text_of(nfc.get("message")).encode("utf-8", "replace")) > predicates.NFC_MESSAGE_BYTES_MAX:
        text = f"the message has more than {predicates.NFC_MESSAGE_BYTES_MAX} bytes"
        found.error("nfc.message", "nfc_message_long", text, "carry a short reference", "readers get a cut message")
    key = nfc.get("encryptionPublicKey")
    if isinstance(key, str) and key and not predicates.is_p256_key(key):
        mend = "write base64 of the DER SubjectPublicKeyInfo of a P-256 key, without PEM lines"
        found.error(
            "nfc.encryptionPublicKey", "nfc_key_unusable", "this is no P-256 public key", mend, "readers cannot use the pass"
        )


def _schemes(document: Document, found: Findings) -> None:
    """Row 39: what the richer layouts ask for. The phone tries them in their order, and falls back."""
    listed = document.get("preferredStyleSchemes")
    if not isinstance(listed, list):
        return
    styles = {rule.name: body for rule, body in styles_of(document)}
    semantics = document.get("semantics")
    tags: dict[str, Json] = semantics if isinstance(semantics, dict) else {}
    for number, name in enumerate(listed):
        scheme = vocabulary().schemes.get(name) if isinstance(name, str) else None
        if scheme is None:
            continue
        path, back = f"preferredStyleSchemes[{number}]", f"falls back to the plain {scheme.style}"
        if scheme.style not in styles:
            text = f"the layout belongs to {scheme.style}, which the pass is not"
            found.warning(path, "scheme_other_style", text, f"leave it away, or make the pass a {scheme.style}", back)
            continue
        wanted = scheme.semantics + scheme.by_event_type.get(text_of(tags.get("eventType")), ())
        missing = [tag for tag in wanted if tag not in tags]
        if missing:
            mend = "add " + ", ".join(missing)
            found.warning("semantics", "scheme_tags_missing", "the layout asks for more semantic tags", mend, back)
        elif name == "posterEventTicket" and "nfc" not in document and (document.get("barcodes") or document.get("barcode")):
            found.fault(WARNING, path, predicates.POSTER_TICKET_CODE)
        if scheme.transit_type and styles[scheme.style].get("transitType") != scheme.transit_type:
            text = f"the layout asks for transitType {scheme.transit_type}"
            found.warning(f"{scheme.style}.transitType", "scheme_transit_type", text, "leave the layout away, or set it", back)
        if not any(objects(group) for group in styles[scheme.style].values()):
            text = "the classic fields are missing"
            found.warning(
                scheme.style, "scheme_classic_empty", text, "keep complete classic fields too", "older systems show nothing"
            )
