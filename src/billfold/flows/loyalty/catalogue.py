"""Make and change what a shop offers: brands, programmes, products. May not enter: HTTP, cards, who buys."""

from dataclasses import dataclass, replace

from billfold.domain.errors import Conflict, FieldProblem, Invalid, NotFound
from billfold.domain.ids import TemplateId
from billfold.domain.keys import Actor, authorize
from billfold.domain.loyalty import Brand, Category, Product, Programme, ProgrammeKind
from billfold.domain.vat import VatTreatment
from billfold.flows.issue import open_template
from billfold.flows.lists import Page
from billfold.flows.loyalty.keeping import After, kept
from billfold.flows.loyalty.refreshing import refresh_brand
from billfold.ports import Services, Tx

PRODUCT_NUMBER_MAX = 2**53


@dataclass(frozen=True, slots=True)
class BrandAsked:
    """As a brand is to be. `archived`: no new programmes; what it has lives on."""

    name: str
    color: str = "#1e40af"
    logo: str = ""
    website: str = ""
    archived: bool = False


@dataclass(frozen=True, slots=True)
class ProductAsked:
    """As a product is to be. Each price None: not for sale that way. `vat_bp`: None for the workspace's rate."""

    name: str
    currency: str = "EUR"
    price_minor: int | None = None
    price_points: int | None = None
    vat_bp: int | None = None
    external_reference: str = ""
    archived: bool = False


@dataclass(frozen=True, slots=True)
class ProgrammeAsked:
    """As a programme is to be; see domain/loyalty.py. Brand, kind, template and currency stay as they were made: cards and ledger
    accounts hang on them."""

    title: str
    category: Category = Category.PREPAID
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
    archived: bool = False
    vat_treatment: VatTreatment = VatTreatment.MULTI_PURPOSE


# --- brands -----------------------------------------------------------------------------------------------------------------------


async def create_brand(
    services: Services, actor: Actor, asked: BrandAsked, id_: str | None = None, after: After[Brand] | None = None
) -> Brand:
    """`id_`: where it must be known before. Raises Invalid, Forbidden."""
    authorize(actor, "brands.write")
    now = services.clock.now_ms()
    brand = Brand(id_ or services.entropy.event_id(), actor.scope, asked.name, asked.color, now, now, asked.logo, asked.website)

    def transaction(tx: Tx) -> Brand:
        _check_logo(tx, brand)
        tx.brands.add(brand)
        return kept(tx, brand, after)

    return await services.store.write(transaction, short=True)


async def replace_brand(services: Services, actor: Actor, brand_id: str, asked: BrandAsked) -> Brand:
    """Cards that show it follow, by a job. Raises NotFound, Invalid, Forbidden."""
    authorize(actor, "brands.write")
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> Brand:
        found = tx.brands.find_locked(actor.scope, brand_id)
        if found is None:
            raise NotFound("brand")
        archived = (found.archived_at_ms or now) if asked.archived else None
        brand = replace(found, name=asked.name, color=asked.color, logo=asked.logo, website=asked.website)
        brand = replace(brand, archived_at_ms=archived, updated_at_ms=now)
        if brand.logo != found.logo:
            _check_logo(tx, brand)
        tx.brands.replace(brand)
        if (brand.name, brand.website) != (found.name, found.website):
            refresh_brand(services, tx, actor.scope, brand_id)
        return brand

    changed = await services.store.write(transaction, short=True)
    services.wake()
    return changed


def _check_logo(tx: Tx, brand: Brand) -> None:
    if brand.logo and tx.images.find(brand.scope, brand.logo) is None:
        mend = "upload it with POST /v1/images and send the id of the answer"
        raise Invalid(FieldProblem("logo", "unknown", "no such picture was uploaded", mend))


async def find_brand(services: Services, actor: Actor, brand_id: str) -> Brand:
    """Raises NotFound, Forbidden."""
    authorize(actor, "brands.read")
    found = await services.store.read(lambda tx: tx.brands.find(actor.scope, brand_id))
    if found is None:
        raise NotFound("brand")
    return found


async def list_brands(services: Services, actor: Actor, after: str | None, limit: int) -> Page[Brand]:
    authorize(actor, "brands.read")
    found = await services.store.read(lambda tx: tx.brands.list(actor.scope, after, limit + 1))
    return Page(found[:limit], len(found) > limit)


# --- products ---------------------------------------------------------------------------------------------------------------------


async def create_product(
    services: Services,
    actor: Actor,
    asked: ProductAsked,
    number: int | None = None,
    id_: str | None = None,
    after: After[Product] | None = None,
) -> Product:
    """`number`: None for the next one. Raises Conflict, Forbidden."""
    authorize(actor, "products.write")
    now, identity = services.clock.now_ms(), id_ or services.entropy.event_id()

    def transaction(tx: Tx) -> Product:
        following = tx.products.next_number(actor.scope) if number is None else number
        made = _product(Product(identity, actor.scope, following, asked.name, now, now), asked, now)
        tx.products.add(made)
        return kept(tx, made, after)

    try:
        return await services.store.write(transaction, short=True)
    except Conflict as error:
        if error.code == "integrity" and number is not None:
            raise Conflict("product_number_taken", "another product has this number") from None
        raise


async def replace_product(services: Services, actor: Actor, product_id: str, asked: ProductAsked) -> Product:
    """Raises NotFound, Forbidden."""
    authorize(actor, "products.write")
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> Product:
        found = tx.products.find_locked(actor.scope, product_id)
        if found is None:
            raise NotFound("product")
        tx.products.replace(changed := _product(found, asked, now))
        return changed

    return await services.store.write(transaction, short=True)


def _product(found: Product, asked: ProductAsked, now: int) -> Product:
    return replace(
        found,
        name=asked.name,
        currency=asked.currency,
        price_minor=asked.price_minor,
        price_points=asked.price_points,
        vat_bp=asked.vat_bp,
        external_reference=asked.external_reference,
        archived_at_ms=(found.archived_at_ms or now) if asked.archived else None,
        updated_at_ms=now,
    )


async def find_product(services: Services, actor: Actor, product_id: str) -> Product:
    """Raises NotFound, Forbidden."""
    authorize(actor, "products.read")
    found = await services.store.read(lambda tx: tx.products.find(actor.scope, product_id))
    if found is None:
        raise NotFound("product")
    return found


async def list_products(services: Services, actor: Actor, after: str | None, limit: int) -> Page[Product]:
    authorize(actor, "products.read")
    found = await services.store.read(lambda tx: tx.products.list(actor.scope, after, limit + 1))
    return Page(found[:limit], len(found) > limit)


# --- programmes -------------------------------------------------------------------------------------------------------------------


async def create_programme(
    services: Services,
    actor: Actor,
    brand_id: str,
    kind: ProgrammeKind,
    template_id: TemplateId,
    currency: str,
    asked: ProgrammeAsked,
    id_: str | None = None,
    after: After[Programme] | None = None,
) -> Programme:
    """Raises NotFound, Conflict, Invalid, Forbidden."""
    authorize(actor, "programmes.write")
    now = services.clock.now_ms()
    await open_template(services, actor.scope, template_id)
    identity = id_ or services.entropy.event_id()
    bare = Programme(identity, actor.scope, brand_id, kind, asked.title, template_id, now, now, currency=currency)

    def transaction(tx: Tx) -> Programme:
        brand = tx.brands.find(actor.scope, brand_id)
        if brand is None or brand.archived_at_ms is not None:
            raise NotFound("brand")
        tx.programmes.add(made := _programme(tx, bare, asked, now))
        return kept(tx, made, after)

    return await services.store.write(transaction, short=True)


async def replace_programme(services: Services, actor: Actor, programme_id: str, asked: ProgrammeAsked) -> Programme:
    """Raises NotFound, Invalid, Forbidden."""
    authorize(actor, "programmes.write")
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> Programme:
        found = tx.programmes.find_locked(actor.scope, programme_id)
        if found is None:
            raise NotFound("programme")
        tx.programmes.replace(changed := _programme(tx, found, asked, now))
        return changed

    return await services.store.write(transaction, short=True)


def _programme(tx: Tx, found: Programme, asked: ProgrammeAsked, now: int) -> Programme:
    for at, product_id in enumerate(asked.allowed_products):
        if tx.products.find(found.scope, product_id) is None:
            problem = FieldProblem(f"allowed_products[{at}]", "unknown", "there is no such product", "see /v1/products")
            raise Invalid(problem)
    if asked.reminder_days is not None and asked.valid_days is not None and asked.reminder_days >= asked.valid_days:
        mend = "send fewer days than valid_days"
        raise Invalid(FieldProblem("reminder_days", "out_of_range", "a reminder comes before the expiry", mend))
    if asked.floor_minor and asked.category is not Category.POSTPAID:
        mend = "make the category postpaid, or leave the floor at 0"
        raise Invalid(FieldProblem("floor_minor", "misplaced", "only a postpaid card goes below zero", mend))
    return replace(
        found,
        title=asked.title,
        category=asked.category,
        points=asked.points,
        stamps_goal=asked.stamps_goal,
        allowed_products=asked.allowed_products,
        floor_minor=asked.floor_minor,
        price_minor=asked.price_minor,
        price_points=asked.price_points,
        external_reference=asked.external_reference,
        earn_points_per_unit=asked.earn_points_per_unit,
        points_valid_days=asked.points_valid_days,
        valid_days=asked.valid_days,
        reminder_days=asked.reminder_days,
        vat_treatment=asked.vat_treatment,
        archived_at_ms=(found.archived_at_ms or now) if asked.archived else None,
        updated_at_ms=now,
    )


async def find_programme(services: Services, actor: Actor, programme_id: str) -> Programme:
    """Raises NotFound, Forbidden."""
    authorize(actor, "programmes.read")
    found = await services.store.read(lambda tx: tx.programmes.find(actor.scope, programme_id))
    if found is None:
        raise NotFound("programme")
    return found


async def list_programmes(
    services: Services, actor: Actor, after: str | None, limit: int, brand_id: str | None = None
) -> Page[Programme]:
    authorize(actor, "programmes.read")
    found = await services.store.read(lambda tx: tx.programmes.list(actor.scope, after, limit + 1, brand_id))
    return Page(found[:limit], len(found) > limit)
