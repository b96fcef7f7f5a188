"""The till's shapes on `/v1`: what callers send of brands, programmes, products, members, cards and terminals, and what they get.

May not enter: routes, decisions."""

from typing import Annotated, Literal

from pydantic import Field as Rule

from billfold.api.v1.parts import Language
from billfold.api.v1.types import Color, In, Label, Latitude, Longitude, Moment, Name, Out, iso, iso_or_none
from billfold.domain.card_values import units_of
from billfold.domain.loyalty import Brand, Card, Category, Member, Product, Programme, ProgrammeKind, Terminal
from billfold.domain.vat import VatTreatment
from billfold.flows.loyalty.cards import Outcome
from billfold.flows.loyalty.catalogue import BrandAsked, ProductAsked, ProgrammeAsked
from billfold.flows.loyalty.members import MemberAsked
from billfold.flows.loyalty.terminals import TerminalAsked

KindName = Literal["coupon", "storecard", "prepaidcard"]
CategoryName = Literal["prepaid", "postpaid", "subscription", "punchcard"]
TreatmentName = Literal["multi_purpose", "single_purpose"]
StatusName = Literal["active", "expired", "redeemed", "blocked"]
AMOUNT_MAX = 10**12
Amount = Annotated[int, Rule(ge=0, le=AMOUNT_MAX, description="Whole minor units: 550 is 5.50 EUR.")]
Points = Annotated[int, Rule(ge=0, le=AMOUNT_MAX)]
Currency = Annotated[str, Rule(pattern=r"^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]
Identity = Annotated[str, Rule(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
DaysAhead = Annotated[int, Rule(ge=1, le=36_500)]
Code = Annotated[str, Rule(min_length=1, max_length=200)]
AttributeName = Annotated[str, Rule(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
AttributeValue = Annotated[str, Rule(max_length=500)] | Annotated[int, Rule(ge=-(2**53), le=2**53)]
Attributes = Annotated[dict[AttributeName, AttributeValue], Rule(max_length=50, description="Shown as `{{ member.<name> }}`.")]
Unit = Annotated[str, Rule(pattern=r"^([A-Z]{3}|points|stamps)$")]
OpeningUnit = Annotated[str, Rule(pattern=r"^([A-Z]{3}|points|stamps|entries)$")]
Website = Annotated[str, Rule(max_length=500, pattern=r"^(https://[^\s<>\"]+)?$")]


class BrandIn(In):
    """`logo`: the id of an uploaded picture. `archived`: no new programmes or members; what it has lives on."""

    name: Name
    color: Color = "#1e40af"
    logo: Annotated[str, Rule(pattern=r"^([0-9a-f]{64})?$")] = ""
    website: Website = ""
    archived: bool = False

    def asked(self) -> BrandAsked:
        return BrandAsked(self.name, self.color, self.logo, self.website, self.archived)


class BrandShown(Out):
    id: str
    name: str
    color: str
    logo: str
    website: str
    created_at: str
    updated_at: str
    archived_at: str | None


class ProductIn(In):
    """`vat_bp`: basis points, 2100 is 21 %; null for the workspace's rate. A price of null: not for sale that way."""

    name: Name
    currency: Currency = "EUR"
    price_minor: Amount | None = None
    price_points: Points | None = None
    vat_bp: Annotated[int, Rule(ge=0, le=10_000)] | None = None
    external_reference: Label = ""
    archived: bool = False

    def asked(self) -> ProductAsked:
        prices = (self.currency, self.price_minor, self.price_points)
        return ProductAsked(self.name, *prices, self.vat_bp, self.external_reference, self.archived)


class NewProduct(ProductIn):
    """`number`: whole, no other product's; null for the next one."""

    number: Annotated[int, Rule(ge=1, le=2**53)] | None = None


class ProductShown(Out):
    id: str
    number: int
    name: str
    currency: str
    price_minor: int | None
    price_points: int | None
    vat_bp: int | None
    external_reference: str
    created_at: str
    updated_at: str
    archived_at: str | None


class ProgrammeIn(In):
    """`allowed_products`: ids; empty for all. `floor_minor`: how far below zero a postpaid card may go, 0 or negative.
    `earn_points_per_unit`: for each whole unit of currency charged. Days: null for never."""

    title: Name
    category: CategoryName = "prepaid"
    points: bool = False
    stamps_goal: Annotated[int, Rule(ge=1, le=100)] | None = None
    allowed_products: Annotated[list[Identity], Rule(max_length=200)] = Rule(default_factory=list)
    floor_minor: Annotated[int, Rule(ge=-AMOUNT_MAX, le=0)] = 0
    price_minor: Amount | None = None
    price_points: Points | None = None
    external_reference: Label = ""
    earn_points_per_unit: Annotated[int, Rule(ge=0, le=1_000_000)] = 0
    points_valid_days: DaysAhead | None = None
    valid_days: DaysAhead | None = None
    reminder_days: DaysAhead | None = None
    vat_treatment: Annotated[
        TreatmentName, Rule(description="When the tax on money is due: with what is bought for it, or as it goes onto the card.")
    ] = "multi_purpose"
    archived: bool = False

    def asked(self) -> ProgrammeAsked:
        return ProgrammeAsked(
            title=self.title,
            category=Category(self.category),
            points=self.points,
            stamps_goal=self.stamps_goal,
            allowed_products=tuple(self.allowed_products),
            floor_minor=self.floor_minor,
            price_minor=self.price_minor,
            price_points=self.price_points,
            external_reference=self.external_reference,
            earn_points_per_unit=self.earn_points_per_unit,
            points_valid_days=self.points_valid_days,
            valid_days=self.valid_days,
            reminder_days=self.reminder_days,
            vat_treatment=VatTreatment(self.vat_treatment),
            archived=self.archived,
        )


class NewProgramme(ProgrammeIn):
    """Brand, kind, template and currency stay as they are made: cards and the ledger hang on them."""

    brand_id: Identity
    kind: KindName
    template_id: Identity
    currency: Annotated[str, Rule(pattern=r"^([A-Z]{3})?$", description="Of its money; empty for none.")] = ""


class ProgrammeShown(Out):
    """`units`: what the ledger keeps for each of its cards."""

    id: str
    brand_id: str
    kind: KindName
    title: str
    template_id: str
    category: CategoryName
    currency: str
    points: bool
    stamps_goal: int | None
    units: list[str]
    allowed_products: list[str]
    floor_minor: int
    price_minor: int | None
    price_points: int | None
    external_reference: str
    earn_points_per_unit: int
    points_valid_days: int | None
    valid_days: int | None
    reminder_days: int | None
    vat_treatment: TreatmentName
    created_at: str
    updated_at: str
    archived_at: str | None


class MemberIn(In):
    """An e-mail address, or the id under which your own system knows the person."""

    email: Annotated[str, Rule(max_length=254)] = ""
    name: Annotated[str, Rule(max_length=200)] = ""
    external_id: Annotated[str, Rule(min_length=1, max_length=200)] | None = None
    language: Language | None = None
    attributes: Attributes = Rule(default_factory=dict)
    unsubscribed: bool = False

    def asked(self) -> MemberAsked:
        return MemberAsked(self.email, self.name, self.external_id, self.language or "", self.attributes, self.unsubscribed)


class NewMember(MemberIn):
    brand_id: Identity


class MemberShown(Out):
    id: str
    brand_id: str
    email: str
    name: str
    external_id: str | None
    language: str | None
    attributes: dict[str, str | int]
    unsubscribed_at: str | None
    created_at: str
    updated_at: str


class NewCard(In):
    """`code`: what its barcode says, null for its own id. `values`: what its template shows beside card, member, brand and
    balances. `opening`: unit → minor units that it brings from an older system. `expires_at`: null for the programme's days."""

    programme_id: Identity
    member_id: Identity | None = None
    code: Code | None = None
    status: StatusName = "active"
    title: Label = ""
    starts_at: Moment | None = None
    expires_at: Moment | None = None
    reminder_at: Moment | None = None
    batch: Annotated[str, Rule(max_length=64, description="Under which reference it is issued with others.")] = ""
    demo: bool = False
    historical: bool = False
    values: dict[str, object] = Rule(default_factory=dict)
    opening: Annotated[dict[OpeningUnit, Amount], Rule(max_length=4)] = Rule(default_factory=dict)


class NewCards(In):
    cards: Annotated[list[NewCard], Rule(min_length=1, max_length=500)]


class CardIn(In):
    """What is left out stays; a date of null is taken away."""

    status: StatusName | None = None
    title: Label | None = None
    starts_at: Moment | None = None
    expires_at: Moment | None = None
    reminder_at: Moment | None = None


class CardShown(Out):
    """`status`: as of now, whoever has written it down. `usable`: null when a scanner may use it, else why not."""

    pass_id: str
    code: str
    programme_id: str
    brand_id: str
    member_id: str | None
    status: StatusName
    usable: str | None
    title: str
    starts_at: str | None
    expires_at: str | None
    reminder_at: str | None
    reminded_at: str | None
    downloaded_at: str | None
    latitude: Latitude | None
    longitude: Longitude | None
    batch: str
    demo: bool
    historical: bool
    created_at: str
    updated_at: str
    removed_at: str | None
    share_url: str


class CardChanged(CardShown):
    """`transaction_id`: of the event that records it."""

    notified: int
    transaction_id: str


class CardProblem(Out):
    path: str
    code: str
    message: str
    mend: str


class CardOutcome(Out):
    index: int
    card: CardShown | None
    errors: list[CardProblem]


class CardsIssued(Out):
    issued: int
    refused: int
    results: list[CardOutcome]


class TerminalIn(In):
    """`product_id`: what it sells when nothing else is said. `points_multiplier_percent`: 200 gives twice the points. `pin`: what
    its device asks for, 4 to 12 digits; "" for none; left out, it stays. It is never shown again."""

    name: Name
    place: Label = ""
    product_id: Identity | None = None
    points_multiplier_percent: Annotated[int, Rule(ge=0, le=10_000)] = 100
    external_device_id: Label = ""
    pin: Annotated[str, Rule(pattern=r"^([0-9]{4,12})?$")] | None = None

    def asked(self) -> TerminalAsked:
        percent = self.points_multiplier_percent
        return TerminalAsked(self.name, self.place, self.product_id, percent, self.external_device_id, self.pin)


class TerminalShown(Out):
    """`enrolled`: whether a device has its token."""

    id: str
    name: str
    place: str
    product_id: str | None
    points_multiplier_percent: int
    external_device_id: str
    pin: bool
    enrolled: bool
    enrolment_until: str | None
    last_seen_at: str | None
    created_at: str
    updated_at: str
    revoked_at: str | None


class EnrolmentShown(TerminalShown):
    """`enrolment_code` is shown this once; type it into the device."""

    enrolment_code: str


# --- values as answers ------------------------------------------------------------------------------------------------------------


def brand_shown(brand: Brand) -> BrandShown:
    return BrandShown(
        id=brand.id,
        name=brand.name,
        color=brand.color,
        logo=brand.logo,
        website=brand.website,
        created_at=iso(brand.created_at_ms),
        updated_at=iso(brand.updated_at_ms),
        archived_at=iso_or_none(brand.archived_at_ms),
    )


def product_shown(product: Product) -> ProductShown:
    return ProductShown(
        id=product.id,
        number=product.number,
        name=product.name,
        currency=product.currency,
        price_minor=product.price_minor,
        price_points=product.price_points,
        vat_bp=product.vat_bp,
        external_reference=product.external_reference,
        created_at=iso(product.created_at_ms),
        updated_at=iso(product.updated_at_ms),
        archived_at=iso_or_none(product.archived_at_ms),
    )


def programme_shown(programme: Programme) -> ProgrammeShown:
    return ProgrammeShown(
        id=programme.id,
        brand_id=programme.brand_id,
        kind=programme.kind.value,
        title=programme.title,
        template_id=programme.template_id,
        category=programme.category.value,
        currency=programme.currency,
        points=programme.points,
        stamps_goal=programme.stamps_goal,
        units=list(units_of(programme)),
        allowed_products=list(programme.allowed_products),
        floor_minor=programme.floor_minor,
        price_minor=programme.price_minor,
        price_points=programme.price_points,
        external_reference=programme.external_reference,
        earn_points_per_unit=programme.earn_points_per_unit,
        points_valid_days=programme.points_valid_days,
        valid_days=programme.valid_days,
        reminder_days=programme.reminder_days,
        vat_treatment=programme.vat_treatment.value,
        created_at=iso(programme.created_at_ms),
        updated_at=iso(programme.updated_at_ms),
        archived_at=iso_or_none(programme.archived_at_ms),
    )


def member_shown(member: Member) -> MemberShown:
    return MemberShown(
        id=member.id,
        brand_id=member.brand_id,
        email=member.email,
        name=member.name,
        external_id=member.external_id,
        language=member.language or None,
        attributes=member.attributes,
        unsubscribed_at=iso_or_none(member.unsubscribed_at_ms),
        created_at=iso(member.created_at_ms),
        updated_at=iso(member.updated_at_ms),
    )


def _card(card: Card, now_ms: int, share_url: str) -> dict[str, object]:
    return {
        "pass_id": card.pass_id,
        "code": card.code,
        "programme_id": card.programme_id,
        "brand_id": card.brand_id,
        "member_id": card.member_id,
        "status": card.status_at(now_ms).value,
        "usable": card.usable(now_ms) or None,
        "title": card.title,
        "starts_at": iso_or_none(card.starts_at_ms),
        "expires_at": iso_or_none(card.expires_at_ms),
        "reminder_at": iso_or_none(card.reminder_at_ms),
        "reminded_at": iso_or_none(card.reminded_at_ms),
        "downloaded_at": iso_or_none(card.downloaded_at_ms),
        "latitude": card.latitude,
        "longitude": card.longitude,
        "batch": card.batch,
        "demo": card.demo,
        "historical": card.historical,
        "created_at": iso(card.created_at_ms),
        "updated_at": iso(card.updated_at_ms),
        "removed_at": iso_or_none(card.removed_at_ms),
        "share_url": share_url,
    }


def card_shown(card: Card, now_ms: int, share_url: str) -> CardShown:
    return CardShown.model_validate(_card(card, now_ms, share_url))


def card_changed(card: Card, now_ms: int, share_url: str, notified: int, transaction_id: str) -> CardChanged:
    return CardChanged.model_validate(_card(card, now_ms, share_url) | {"notified": notified, "transaction_id": transaction_id})


def cards_issued(outcomes: list[Outcome], shown: list[CardShown | None]) -> CardsIssued:
    results = [
        CardOutcome(
            index=at,
            card=card,
            errors=[
                CardProblem(path=f"cards[{at}].{one.path}", code=one.code, message=one.message, mend=one.mend)
                for one in outcome.problems
            ],
        )
        for at, (outcome, card) in enumerate(zip(outcomes, shown, strict=True))
    ]
    issued = sum(one is not None for one in shown)
    return CardsIssued(issued=issued, refused=len(shown) - issued, results=results)


def _terminal(terminal: Terminal) -> dict[str, object]:
    return {
        "id": terminal.id,
        "name": terminal.name,
        "place": terminal.place,
        "product_id": terminal.product_id,
        "points_multiplier_percent": terminal.points_multiplier_percent,
        "external_device_id": terminal.external_device_id,
        "pin": bool(terminal.pin_hash),
        "enrolled": terminal.key_id is not None,
        "enrolment_until": iso_or_none(terminal.enrolment_until_ms),
        "last_seen_at": iso_or_none(terminal.last_seen_at_ms),
        "created_at": iso(terminal.created_at_ms),
        "updated_at": iso(terminal.updated_at_ms),
        "revoked_at": iso_or_none(terminal.revoked_at_ms),
    }


def terminal_shown(terminal: Terminal) -> TerminalShown:
    return TerminalShown.model_validate(_terminal(terminal))


def enrolment_shown(terminal: Terminal, code: str) -> EnrolmentShown:
    return EnrolmentShown.model_validate(_terminal(terminal) | {"enrolment_code": code})


def kind_of(name: KindName) -> ProgrammeKind:
    return ProgrammeKind(name)
