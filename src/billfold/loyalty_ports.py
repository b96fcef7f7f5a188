"""The part of ports.py that is about the till: brands, members, products, programmes, cards, terminals.

May not enter: any adapter, decisions (domain/loyalty.py)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from billfold.domain.ids import PassId, Scope
from billfold.domain.loyalty import Brand, Card, CardStatus, Member, Product, Programme, Terminal
from billfold.scan_ports import Scans


class Brands(Protocol):
    def add(self, brand: Brand) -> None: ...
    def replace(self, brand: Brand) -> None: ...
    def find(self, scope: Scope, brand_id: str) -> Brand | None: ...
    def find_locked(self, scope: Scope, brand_id: str) -> Brand | None: ...
    def list(self, scope: Scope, after: str | None, limit: int) -> list[Brand]:
        """By id, those after `after`; here and below without what is archived."""


class Members(Protocol):
    def add(self, member: Member) -> None:
        """Raises Conflict("member_exists") when the brand has one with this e-mail or external id."""

    def replace(self, member: Member) -> None: ...
    def find(self, scope: Scope, member_id: str) -> Member | None: ...
    def find_all(self, scope: Scope, member_ids: Collection[str]) -> dict[str, Member]:
        """By id, those that there are, in one statement."""

    def find_locked(self, scope: Scope, member_id: str) -> Member | None: ...
    def by_email(self, scope: Scope, brand_id: str, email: str) -> Member | None:
        """`email`: as `normal_email` gives it."""

    def by_external_id(self, scope: Scope, brand_id: str, external_id: str) -> Member | None: ...
    def search(self, scope: Scope, words: str, after: str | None, limit: int, brand_id: str | None = None) -> list[Member]:
        """Those whose e-mail, name (from one of its words on) or external id begins with `words`, in the order of what is found, or
        by id when `words` is "". `after`: the member that came last. Index-driven, whatever is stored."""

    def remove(self, scope: Scope, member_id: str) -> None:
        """The cards stay, and belong to nobody."""


class Products(Protocol):
    def add(self, product: Product) -> None: ...
    def replace(self, product: Product) -> None: ...
    def find(self, scope: Scope, product_id: str) -> Product | None: ...
    def find_locked(self, scope: Scope, product_id: str) -> Product | None: ...
    def next_number(self, scope: Scope) -> int: ...
    def by_name(self, scope: Scope, name: str) -> Product | None:
        """Compared without case and surrounding space."""

    def by_price(self, scope: Scope, currency: str, price_minor: int) -> Sequence[Product]: ...
    def by_points(self, scope: Scope, price_points: int) -> Sequence[Product]: ...
    def list(self, scope: Scope, after: str | None, limit: int) -> list[Product]: ...


class Programmes(Protocol):
    def add(self, programme: Programme) -> None: ...
    def replace(self, programme: Programme) -> None: ...
    def find(self, scope: Scope, programme_id: str) -> Programme | None: ...
    def find_locked(self, scope: Scope, programme_id: str) -> Programme | None: ...
    def currencies(self, scope: Scope) -> list[str]:
        """Of the money of all programmes, also of those that are no more offered: their cards are."""

    def list(self, scope: Scope, after: str | None, limit: int, brand_id: str | None = None) -> list[Programme]: ...


@dataclass(frozen=True, slots=True)
class CardFilter:
    """Each None: whatever. `status`: as it is stored; the schedule that expires cards writes it down within the hour."""

    member_id: str | None = None
    programme_id: str | None = None
    brand_id: str | None = None
    status: CardStatus | None = None
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A card and what is known about it beside itself. `voided`: its pass."""

    card: Card
    programme: Programme
    brand: Brand
    member: Member | None
    voided: bool


class Cards(Protocol):
    def add(self, card: Card) -> None:
        """Its pass is already there."""

    def replace(self, card: Card) -> None: ...
    def find(self, scope: Scope, pass_id: PassId) -> Card | None: ...
    def find_all(self, scope: Scope, pass_ids: Collection[str]) -> dict[str, Card]:
        """By pass, those that there are, in one statement."""

    def of_members(self, scope: Scope, member_ids: Collection[str], each: int) -> list[Card]:
        """At most `each` of each member, by id, without the removed ones; the members in no order of meaning."""

    def find_locked(self, scope: Scope, pass_id: PassId) -> Card | None: ...
    def facts(self, scope: Scope, pass_id: PassId) -> CardFacts | None: ...
    def by_code(self, scope: Scope, code: str, limit: int = 20) -> list[Card]:
        """The card whose pass id is `code`, else those whose barcode says it; not the removed ones; newest first."""

    def to_remind(self, scope: Scope, now_ms: int, limit: int) -> list[Card]:
        """Usable cards whose reminder is due and has not been sent, the most overdue first."""

    def to_expire(self, scope: Scope, now_ms: int, limit: int) -> list[Card]:
        """Cards that are past their expiry and still stored as active, the most overdue first."""

    def set_downloaded(self, scope: Scope, pass_id: PassId, at_ms: int, latitude: float | None, longitude: float | None) -> None:
        """The first time stays; nothing for a pass that is no card."""

    def list(self, scope: Scope, wanted: CardFilter, after: str | None, limit: int) -> list[Card]:
        """By id, those after `after`; without the removed ones."""


class Terminals(Protocol):
    def add(self, terminal: Terminal) -> None: ...
    def replace(self, terminal: Terminal) -> None: ...
    def find(self, scope: Scope, terminal_id: str) -> Terminal | None: ...
    def find_locked(self, scope: Scope, terminal_id: str) -> Terminal | None: ...
    def by_enrolment(self, scope: Scope, digest: bytes) -> Terminal | None: ...
    def list(self, scope: Scope, after: str | None, limit: int) -> list[Terminal]: ...


class Till(Protocol):
    """The part of ports.Tx that is the till's."""

    brands: Brands
    members: Members
    products: Products
    programmes: Programmes
    cards: Cards
    terminals: Terminals
    scans: Scans
