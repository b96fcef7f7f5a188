"""A shop in a workspace of the tests: a brand, a member, products, programmes of each kind, their cards, two terminals.

May not enter: fixtures; what is tested."""

import itertools
from dataclasses import dataclass, field, replace

from api.client import Client
from api.conftest import MINE, World
from billfold.domain import keys
from billfold.domain.ids import PassId, Scope, TemplateId
from billfold.domain.keys import AccessKey, Actor
from billfold.domain.ledger import COUNTERS, SHARDS, VAT_DUE, VAT_PREPAID, Kind
from billfold.domain.loyalty import Brand, Card, Category, Member, Product, Programme, ProgrammeKind, Terminal
from billfold.flows import issue
from billfold.flows import ledger as ledger_flow
from billfold.flows.ledger import Asked
from billfold.ports import Services, Tx

TEMPLATE: dict[str, object] = {
    "description": "Coffee card",
    "header": [
        {
            **{"key": "balance", "label": "BALANCE", "value": "{{ balances.EUR }}", "change_message": "Balance: %@"},
            "format": {"type": "money", "currency": "EUR"},
        },
        {"key": "points", "label": "POINTS", "value": "{{ balances.points }}", "change_message": "Points: %@"},
    ],
    "primary": [{"key": "status", "label": "STATUS", "value": "{{ card.status }}"}],
    "barcode": {"format": "QR", "message": "{{ card.code }}"},
}
EMAIL = "ada@example.com"
_IDS = itertools.count(1)


def new_id() -> str:
    return f"scan-{next(_IDS):012}-made-on-device"


def uuid(nth: int) -> str:
    return f"00000000-0000-7000-8000-{nth:012}"


@dataclass
class Shop:
    """`client` holds every scope, `device` and `second` are device tokens; `second` sells `espresso`."""

    world: World
    actor: Actor
    template_id: TemplateId
    brand: Brand
    member: Member
    device: Client
    second: Client
    terminals: list[Terminal]
    products: dict[str, Product]
    programmes: dict[str, Programme] = field(default_factory=dict)

    @property
    def services(self) -> Services:
        return self.world.services

    @property
    def client(self) -> Client:
        return self.world.client

    async def card(self, programme: str = "storecard", /, *, member: bool = True, **changes: object) -> Card:
        """One card, issued as it is to be. `EUR`, `points`, `stamps` among `changes`: what is on it."""
        amounts = {unit: int(str(changes.pop(unit))) for unit in ("EUR", "points", "stamps") if unit in changes}
        made: list[Card] = []
        offered = self.programmes[programme]

        def after(tx: Tx, stored: issue.Stored) -> None:
            pass_ = stored.pass_
            held, at, scope = self.member.id if member else None, pass_.issued_at_ms, self.actor.scope
            card = Card(pass_.id, scope, offered.id, offered.brand_id, pass_.id, at, at, held)
            card = replace(card, **changes)  # type: ignore[arg-type]
            tx.cards.add(card)
            tx.passes.replace(replace(pass_, values=pass_.values | {"card": {"status": card.status.value, "code": card.code}}))
            made.append(card)

        values: dict[str, object] = {"card": {"status": "active", "code": "x"}, "balances": {"EUR": "0.00", "points": "0"}}
        await issue.store_from_template(self.services, self.actor, self.template_id, values, after)  # type: ignore[arg-type]
        if amounts:
            asked = Asked(new_id(), Kind.OPENING, made[-1].pass_id, amounts)
            await ledger_flow.post(self.services, self.actor, asked)
        return made[-1]

    async def balances(self, card: Card) -> dict[str, int]:
        found = await self.services.store.read(lambda tx: tx.ledger.accounts(card.scope, card.pass_id))
        return {one.key.unit: one.balance for one in found}

    async def counterparts(self) -> dict[str, int]:
        """System account → its balance in EUR, all its parts together."""

        def read(tx: Tx) -> dict[str, int]:
            sums: dict[str, int] = {}
            for name in (*COUNTERS.values(), VAT_DUE, VAT_PREPAID):
                owners = (f"system:{name}:{nth}" for nth in range(SHARDS))
                held = [one for owner in owners for one in tx.ledger.accounts(self.actor.scope, owner) if one.key.unit == "EUR"]
                sums[name] = sum(one.balance for one in held)
            return {name: balance for name, balance in sums.items() if balance}

        return await self.services.store.read(read)

    async def stored(self, pass_id: PassId) -> Card:
        found = await self.services.store.read(lambda tx: tx.cards.find(self.actor.scope, pass_id))
        assert found
        return found

    async def events(self, subject: str) -> list[str]:
        found = await self.services.store.read(lambda tx: tx.events.list(self.actor.scope, None, 1_000, subject))
        return [one.kind.value for one in found]


async def open_shop(world: World, scope: Scope = MINE) -> Shop:
    actor = Actor(scope, "tests", frozenset(keys.SCOPES))
    client = world.client if scope == MINE else world.other
    template = await client.post("/v1/templates", {"name": "Card", "content": TEMPLATE})
    assert template.status == 201, template.body
    brand = Brand(uuid(1), scope, "Bayroast", "#166534", 1, 1)
    member = Member(uuid(2), scope, brand.id, EMAIL, "Ada Lovelace", 1, 1)
    products = {
        "latte": Product(uuid(11), scope, 42, "Latte macchiato", 1, 1, price_minor=550, vat_bp=2_100),
        "espresso": Product(uuid(12), scope, 1, "Espresso", 1, 1, price_minor=250, price_points=25, vat_bp=900),
        "cappuccino": Product(uuid(13), scope, 2, "Cappuccino", 1, 1, price_minor=350),
        "tea": Product(uuid(14), scope, 3, "Tea", 1, 1, price_minor=300),
        "cocoa": Product(uuid(15), scope, 4, "Cocoa", 1, 1, price_minor=300),
    }
    allowed = (products["espresso"].id, products["cappuccino"].id)
    template_id = TemplateId(template.json["id"])
    plain = Programme(uuid(21), scope, brand.id, ProgrammeKind.STORECARD, "Coffee card", template_id, 1, 1)
    base = replace(plain, currency="EUR", points=True)
    programmes = {
        "storecard": base,
        "restricted": replace(base, id=uuid(22), title="Espresso club", category=Category.POSTPAID, allowed_products=allowed),
        "stamps": replace(base, id=uuid(23), category=Category.PUNCHCARD, currency="", points=False, stamps_goal=10),
        "punch": replace(
            base, id=uuid(27), category=Category.PUNCHCARD, currency="", points=False, stamps_goal=10, allowed_products=allowed
        ),
        "earning": replace(base, id=uuid(24), earn_points_per_unit=2),
        "coupon": replace(
            base, id=uuid(25), kind=ProgrammeKind.COUPON, title="Free cake", currency="EUR", points=False, price_minor=550,
            price_points=10, external_reference="CAKE-1",
        ),
        "prepaid": replace(base, id=uuid(26), kind=ProgrammeKind.PREPAIDCARD, title="Gift card", points=False),
    }  # fmt: skip
    terminals = [
        Terminal(uuid(31), scope, "Counter-01", 1, 1, points_multiplier_percent=150),
        Terminal(uuid(32), scope, "Counter-02", 1, 1, product_id=products["espresso"].id),
    ]

    def transaction(tx: Tx) -> None:
        tx.brands.add(brand)
        tx.members.add(member)
        for product in products.values():
            tx.products.add(product)
        for programme in programmes.values():
            tx.programmes.add(programme)
        for terminal in terminals:
            tx.terminals.add(terminal)

    await world.services.store.write(transaction)
    devices = [await device(world, one) for one in terminals]
    return Shop(world, actor, template_id, brand, member, devices[0], devices[1], terminals, products, programmes)


async def device(world: World, terminal: Terminal) -> Client:
    """A device token of a terminal."""
    key_id, text = keys.mint(terminal.scope, world.services.entropy.bytes(33))
    may = frozenset({"scans:write"})
    key = AccessKey(key_id, terminal.scope, terminal.name, may, keys.digest(text), 1, terminal_id=terminal.id)

    def transaction(tx: Tx) -> None:
        tx.keys.add(key)
        tx.terminals.replace(replace(terminal, key_id=key_id))

    await world.services.store.write(transaction)
    return Client(world.app, text)
