"""Brands, products, programmes and terminals: rows in, values out. Members and cards, which are many, are in modules of their own.

May not enter: what a product costs whom, who may use a terminal."""

import unicodedata
from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, FromClause, func, select

from billfold.domain.ids import Scope
from billfold.domain.loyalty import Brand, Category, Product, Programme, ProgrammeKind, Terminal
from billfold.domain.vat import VatTreatment
from billfold.storage import loyalty_schema as schema
from billfold.storage.forms import FLAG, NAMES, Codec, Form, Kept, choice
from billfold.storage.statements import Statement, binary, by_index, literal, number, own, string

BRAND = Form(schema.brand, Brand, {})
PRODUCT = Form(schema.product, Product, {})
PROGRAMME = Form(
    schema.programme,
    Programme,
    {"kind": choice(ProgrammeKind), "category": choice(Category), "points": FLAG, "allowed_products": NAMES}
    | {"vat_treatment": choice(VatTreatment)},
)
TERMINAL = Form(schema.terminal, Terminal, {"enrolment_hash": Codec(bytes, bytes)})

_brands, _products, _programmes, _terminals = schema.brand, schema.product, schema.programme, schema.terminal
LIST_BRANDS = Statement(BRAND.listing.where(_brands.c.archived_at_ms.is_(None)))

LIST_PRODUCTS = Statement(PRODUCT.listing.where(_products.c.archived_at_ms.is_(None)))
LAST_NUMBER = Statement(select(func.max(_products.c.number)).where(own(_products)))
_SEVERAL = 20
"""Of products at one price: enough to see that the price says nothing."""


def _sold(condition: Callable[[FromClause], ColumnElement[bool]]) -> Statement:
    found = PRODUCT.found(condition).where(_products.c.archived_at_ms.is_(None))
    in_order = _products.c.number + literal(0)  # or SQLite would read all products in this order, rather than sort some
    return Statement(found.order_by(in_order).limit(number("limit")))


BY_NAME = _sold(lambda listed: listed.c.name_key == string("name"))
BY_PRICE = _sold(lambda listed: (listed.c.currency == string("currency")) & (listed.c.price_minor == number("price")))
BY_POINTS = _sold(lambda listed: listed.c.price_points == number("price"))

_OFFERED = PROGRAMME.listing.where(_programmes.c.archived_at_ms.is_(None))
LIST_PROGRAMMES = Statement(_OFFERED)
CURRENCIES = Statement(
    select(_programmes.c.currency)
    .where(own(_programmes), _programmes.c.currency != literal(""))
    .distinct()
    .order_by(_programmes.c.currency)
)
LIST_PROGRAMMES_OF_BRAND = Statement(_OFFERED.where(_programmes.c.brand_id == string("brand_id")))

LIST_TERMINALS = Statement(TERMINAL.listing)
_BY_ENROLMENT = select(*TERMINAL.columns).where(
    own(_terminals),
    _terminals.c.enrolment_until_ms.is_not(None),
    _terminals.c.enrolment_hash == binary("digest"),
)
BY_ENROLMENT = Statement(by_index("ix_terminal_enrolment", _BY_ENROLMENT, _terminals))


class BrandRows(Kept[Brand]):
    """ports.Brands."""

    form = BRAND

    def add(self, brand: Brand) -> None:
        self._add(brand)

    def replace(self, brand: Brand) -> None:
        self._replace(brand)

    def find(self, scope: Scope, brand_id: str) -> Brand | None:
        return self._one(BRAND.find, scope, key=brand_id)

    def find_locked(self, scope: Scope, brand_id: str) -> Brand | None:
        return self._one(BRAND.find_locked, scope, key=brand_id)

    def list(self, scope: Scope, after: str | None, limit: int) -> list[Brand]:
        return self._all(LIST_BRANDS, scope, after=after or "", limit=limit)


def name_key(name: str) -> str:
    """What two names that a person takes for the same have in common."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


class ProductRows(Kept[Product]):
    """ports.Products."""

    form = PRODUCT

    def add(self, product: Product) -> None:
        self._add(product, name_key=name_key(product.name))

    def replace(self, product: Product) -> None:
        self._replace(product, name_key=name_key(product.name))

    def find(self, scope: Scope, product_id: str) -> Product | None:
        return self._one(PRODUCT.find, scope, key=product_id)

    def find_locked(self, scope: Scope, product_id: str) -> Product | None:
        return self._one(PRODUCT.find_locked, scope, key=product_id)

    def next_number(self, scope: Scope) -> int:
        row = self._db.one(LAST_NUMBER, scope)
        return 1 + (row[0] or 0) if row else 1

    def by_name(self, scope: Scope, name: str) -> Product | None:
        return self._one(BY_NAME, scope, name=name_key(name), limit=1)

    def by_price(self, scope: Scope, currency: str, price_minor: int) -> Sequence[Product]:
        return self._all(BY_PRICE, scope, currency=currency, price=price_minor, limit=_SEVERAL)

    def by_points(self, scope: Scope, price_points: int) -> Sequence[Product]:
        return self._all(BY_POINTS, scope, price=price_points, limit=_SEVERAL)

    def list(self, scope: Scope, after: str | None, limit: int) -> list[Product]:
        return self._all(LIST_PRODUCTS, scope, after=after or "", limit=limit)


class ProgrammeRows(Kept[Programme]):
    """ports.Programmes."""

    form = PROGRAMME

    def add(self, programme: Programme) -> None:
        self._add(programme)

    def replace(self, programme: Programme) -> None:
        self._replace(programme)

    def find(self, scope: Scope, programme_id: str) -> Programme | None:
        return self._one(PROGRAMME.find, scope, key=programme_id)

    def find_locked(self, scope: Scope, programme_id: str) -> Programme | None:
        return self._one(PROGRAMME.find_locked, scope, key=programme_id)

    def currencies(self, scope: Scope) -> list[str]:
        return [currency for (currency,) in self._db.run(CURRENCIES, scope)]

    def list(self, scope: Scope, after: str | None, limit: int, brand_id: str | None = None) -> list[Programme]:
        if brand_id is None:
            return self._all(LIST_PROGRAMMES, scope, after=after or "", limit=limit)
        return self._all(LIST_PROGRAMMES_OF_BRAND, scope, after=after or "", limit=limit, brand_id=brand_id)


class TerminalRows(Kept[Terminal]):
    """ports.Terminals."""

    form = TERMINAL

    def add(self, terminal: Terminal) -> None:
        self._add(terminal)

    def replace(self, terminal: Terminal) -> None:
        self._replace(terminal)

    def find(self, scope: Scope, terminal_id: str) -> Terminal | None:
        return self._one(TERMINAL.find, scope, key=terminal_id)

    def find_locked(self, scope: Scope, terminal_id: str) -> Terminal | None:
        return self._one(TERMINAL.find_locked, scope, key=terminal_id)

    def by_enrolment(self, scope: Scope, digest: bytes) -> Terminal | None:
        return self._one(BY_ENROLMENT, scope, digest=digest)

    def list(self, scope: Scope, after: str | None, limit: int) -> list[Terminal]:
        return self._all(LIST_TERMINALS, scope, after=after or "", limit=limit)
