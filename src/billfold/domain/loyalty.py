"""Who holds what at the till: brand, member, programme (coupon, store card, prepaid card), card, product, terminal.

A card is a pass that a member holds of a programme; what is on it stands in the ledger (domain/ledger.py). Times are milliseconds
since 1970, money is whole minor units. Source: source S2, reference/reliability-security.md section 3.
May not enter: storage, postings, HTTP, how a pass looks."""

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.ids import PassId, Scope, TemplateId
from billfold.domain.schedules import DAY_MS
from billfold.domain.vat import VatTreatment

EMAIL_MAX = 254
VAT_BP_MAX = 10_000
"""Basis points: 2,100 is 21 %."""


class ProgrammeKind(StrEnum):
    """S2's three kinds of product that a pass stands for."""

    COUPON = "coupon"
    STORECARD = "storecard"
    PREPAIDCARD = "prepaidcard"


class Category(StrEnum):
    """How a card is paid (S2-51). A postpaid card may go below zero, down to its programme's floor."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"
    SUBSCRIPTION = "subscription"
    PUNCHCARD = "punchcard"


class CardStatus(StrEnum):
    """S2's four words. A card that is past its expiry date is expired, whatever is stored."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REDEEMED = "redeemed"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Brand:
    """`id`: a UUID, as S2 asks. `logo`: content hash of a picture, "" for none; `color`: #rrggbb."""

    id: str
    scope: Scope
    name: str
    color: str
    created_at_ms: int
    updated_at_ms: int
    logo: str = ""
    website: str = ""
    archived_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A person whom a brand knows by e-mail (normalised, unique in the brand) or by an id of the brand's own systems. `attributes`:
    short texts and numbers that templates may show as `{{ member.tier }}`."""

    id: str
    scope: Scope
    brand_id: str
    email: str
    name: str
    created_at_ms: int
    updated_at_ms: int
    external_id: str | None = None
    language: str = ""
    attributes: dict[str, str | int] = field(default_factory=dict)
    unsubscribed_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """What a till sells. `number`: whole number, unique in the scope, which S2 answers as `resolved_product_id`. `price_minor` in
    `currency`, `price_points`: what it costs; None: not for sale that way. `vat_bp`: None means the workspace's rate."""

    id: str
    scope: Scope
    number: int
    name: str
    created_at_ms: int
    updated_at_ms: int
    currency: str = "EUR"
    price_minor: int | None = None
    price_points: int | None = None
    vat_bp: int | None = None
    external_reference: str = ""
    archived_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Programme:
    """A coupon, store card or prepaid card as it is offered; each card of it shows `template_id`.

    `currency`: of its money, "" for none; `points`, `stamps`: whether it counts them; `stamps_goal`: stamps that make a reward.
    `allowed_products`: ids, empty for all (S2-43). `floor_minor`: how far below zero money may go, zero or negative (postpaid).
    `price_minor`, `price_points`: what a coupon costs in a shop (S2-10). `earn_points_per_unit`: points for each whole unit of
    currency charged, rounded down. `points_valid_days`: earned points expire after so many days; None: never.
    `valid_days`, `reminder_days`: a new card expires after so many days and is reminded of so many before; None: never.
    `vat_treatment`: when the tax on its money is due."""

    id: str
    scope: Scope
    brand_id: str
    kind: ProgrammeKind
    title: str
    template_id: TemplateId
    created_at_ms: int
    updated_at_ms: int
    category: Category = Category.PREPAID
    currency: str = ""
    points: bool = False
    stamps_goal: int | None = None
    allowed_products: tuple[str, ...] = ()
    floor_minor: int = 0
    price_minor: int | None = None
    price_points: int | None = None
    external_reference: str = ""
    earn_points_per_unit: int = 0
    points_valid_days: int | None = None
    valid_days: int | None = None
    reminder_days: int | None = None
    archived_at_ms: int | None = None
    vat_treatment: VatTreatment = VatTreatment.MULTI_PURPOSE

    def floor_of(self, unit: str) -> int:
        """How far below zero a card's account of the unit may go, zero or below."""
        return self.floor_minor if unit == self.currency else 0

    def points_until_ms(self, now_ms: int) -> int | None:
        """When points that are earned now expire."""
        return None if self.points_valid_days is None else now_ms + self.points_valid_days * DAY_MS


@dataclass(frozen=True, slots=True)
class Card:
    """A pass of a programme. `code`: what its barcode says, by which a scanner finds it too; several cards may share one.

    `title`: an own one for this card (S2-23). `batch`: under which reference it was issued with others. `historical`: brought from
    an older system (S2-14). `latitude`, `longitude` (degrees): where it was first downloaded, where a phone said so."""

    pass_id: PassId
    scope: Scope
    programme_id: str
    brand_id: str
    code: str
    created_at_ms: int
    updated_at_ms: int
    member_id: str | None = None
    status: CardStatus = CardStatus.ACTIVE
    title: str = ""
    starts_at_ms: int | None = None
    expires_at_ms: int | None = None
    reminder_at_ms: int | None = None
    reminded_at_ms: int | None = None
    downloaded_at_ms: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    batch: str = ""
    demo: bool = False
    historical: bool = False
    removed_at_ms: int | None = None

    def status_at(self, now_ms: int) -> CardStatus:
        """Expiry needs nobody to write it down."""
        expired = self.expires_at_ms is not None and self.expires_at_ms <= now_ms
        return CardStatus.EXPIRED if expired and self.status is CardStatus.ACTIVE else self.status

    def usable(self, now_ms: int) -> str:
        """ "" when a scanner may charge or redeem it now, else why not: blocked, expired, redeemed, not_started, removed."""
        if self.removed_at_ms is not None:
            return "removed"
        status = self.status_at(now_ms)
        if status is not CardStatus.ACTIVE:
            return status.value
        return "not_started" if self.starts_at_ms is not None and self.starts_at_ms > now_ms else ""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A scanner. Its device token is an access key whose `terminal_id` names it. `product_id`: what it sells when nothing else is
    said (S2-42). `points_multiplier_percent`: 100 as earned, 200 twice. `pin_hash`: argon2, "" for none. `enrolment_hash`: SHA-256
    of the code that a new device shows once. `last_device_seq`: the highest sequence number that its device sent."""

    id: str
    scope: Scope
    name: str
    created_at_ms: int
    updated_at_ms: int
    place: str = ""
    product_id: str | None = None
    points_multiplier_percent: int = 100
    pin_hash: str = ""
    external_device_id: str = ""
    enrolment_hash: bytes = b""
    enrolment_until_ms: int | None = None
    key_id: str | None = None
    last_device_seq: int = 0
    last_seen_at_ms: int | None = None
    revoked_at_ms: int | None = None


def normal_email(text: str, path: str = "email") -> str:
    """The one form in which an address is checked, compared and stored: NFC, no space around it, the host in lower case and the
    whole compared without case. Raises Invalid. What stands before the @ is the mail server's own business beyond that."""
    address = unicodedata.normalize("NFC", text).strip()
    local, at, host = address.rpartition("@")
    good = at and local and "." in host.strip(".") and not any(c.isspace() or not c.isprintable() for c in address)
    if not good or len(address) > EMAIL_MAX or any(c in address for c in '<>(),;:"\\[]') or "@" in local:
        raise Invalid(FieldProblem(path, "malformed", "is no e-mail address", "send one address like ada@example.com"))
    return address.lower()
