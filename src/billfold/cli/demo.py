"""The demo workspace's till: a brand with a coupon, a store card and a punch card, products, terminals, a member and her cards, so
that every line of the documents can be typed as it stands. Made at the first start, found at each other one.

Ids and tokens are derived from the sealing key, as the demo's test key is, so that each start can name them though only hashes of
the tokens are stored. May not enter: what any of it is for (flows/loyalty)."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from billfold.api.v1.template_shapes import TemplateIn, given_of
from billfold.bootstrap import DEMO, Parts
from billfold.domain import ids, keys
from billfold.domain.errors import BillfoldError
from billfold.domain.ids import PassId, TemplateId
from billfold.domain.keys import SCOPES, AccessKey, Actor
from billfold.domain.loyalty import Category, ProgrammeKind
from billfold.flows import templates
from billfold.flows.loyalty import cards, catalogue, members, terminals
from billfold.flows.loyalty.catalogue import BrandAsked, ProductAsked, ProgrammeAsked
from billfold.flows.loyalty.members import MemberAsked
from billfold.flows.loyalty.terminals import TerminalAsked
from billfold.ports import Tx
from billfold.starters import till

EMAIL = "maya@example.com"
_ACTOR = Actor(DEMO, "operator", frozenset(SCOPES))
_OPENINGS = {"coupon": {}, "storecard": {"EUR": 2500, "points": 120}, "punchcard": {"EUR": 2000, "points": 40, "stamps": 3}}
"""The restricted card holds money too, so that a top-up is seen to go past its restriction and a price to find its product."""
_log = structlog.get_logger("billfold")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo's `--json` line names."""

    parts: Parts

    def _secret(self, name: str, length: int) -> bytes:
        return hashlib.shake_256(self.parts.vault.derive(f"demo-{name}", DEMO)).digest(length)

    def id(self, name: str) -> str:
        return str(uuid.UUID(bytes=self._secret(name, 16), version=4))

    def serial(self, name: str) -> PassId:
        return ids.pass_id(DEMO, self._secret(name, 16))

    def token(self, name: str) -> tuple[str, str]:
        """(key id, text)"""
        return keys.mint(DEMO, self._secret(f"token-{name}", 33))


async def furnish(parts: Parts) -> dict[str, object]:
    """The `demo` object of the line that a start prints; {} where there are no stand-ins to make it on. Makes what is not there
    yet; a start that finds all reads twice. A server without a demo is still a server: a failure is logged, no more."""
    if parts.sandbox is None:
        return {}
    demo = Demo(parts)
    try:
        if not await _there(demo, lambda tx: tx.cards.find(DEMO, demo.serial("punchcard"))):
            await _make(demo)
    except BillfoldError as problem:
        _log.warning("demo_not_furnished", problem=type(problem).__name__)
    products = await parts.store.read(lambda tx: tx.products.list(DEMO, None, 50))
    return {
        "brand_id": demo.id("brand"),
        "organization_identifier": DEMO.workspace,
        "coupon_id": demo.id("coupon"),
        "email": EMAIL,
        "storecard_pass_code": demo.serial("storecard"),
        "punchcard_pass_code": demo.serial("punchcard"),
        "coupon_pass_code": demo.serial("coupon"),
        "api_token": demo.token("api")[1],
        "weak_token": demo.token("weak")[1],
        "scanner_device_token": demo.token("counter-1")[1],
        "scanner_device_token_with_product": demo.token("counter-2")[1],
        "products": [
            {
                "id": one.id,
                "number": one.number,
                "name": one.name,
                "currency": one.currency,
                "price_minor": one.price_minor,
                "price_points": one.price_points,
            }
            for one in sorted(products, key=lambda one: one.number)
        ],
        "mail_url": parts.sandbox.mail_url,
    }


async def _make(demo: Demo) -> None:
    """In an order in which each piece finds what it hangs on; whatever an earlier start made is left as it is."""
    services = demo.parts.services
    if not await _there(demo, lambda tx: tx.brands.find(DEMO, demo.id("brand"))):
        shop = BrandAsked("Kettle & Crumb", "#3b2417", website="https://kettleandcrumb.example")
        await catalogue.create_brand(services, _ACTOR, shop, demo.id("brand"))
    await _make_products(demo)
    await _make_programmes(demo)
    if not await _there(demo, lambda tx: tx.members.find(DEMO, demo.id("member"))):
        maya = MemberAsked(EMAIL, "Maya Okafor", language="en", attributes={"tier": "Gold"})
        await members.create(services, _ACTOR, demo.id("brand"), maya, demo.id("member"))
    await _make_terminals(demo)
    await _make_token(demo, "api", "demo: API of the till", frozenset(SCOPES))
    await _make_token(demo, "weak", "demo: no abilities", frozenset())
    await _make_cards(demo)


async def _there(demo: Demo, find: Callable[[Tx], T | None]) -> bool:
    return await demo.parts.store.read(find) is not None


_PRODUCTS = (
    ("flat-white", ProductAsked("Flat white", "EUR", 350, 35, 900)),
    ("filter", ProductAsked("Filter coffee", "EUR", 280, 28, 900)),
    ("cake", ProductAsked("Carrot cake", "EUR", 420, None, 900)),
    ("beans", ProductAsked("House beans, 250 g", "EUR", 1150, 120, 2100)),
)


async def _make_products(demo: Demo) -> None:
    for name, asked in _PRODUCTS:
        if not await _there(demo, lambda tx, name=name: tx.products.find(DEMO, demo.id(name))):  # type: ignore[misc]
            await catalogue.create_product(demo.parts.services, _ACTOR, asked, id_=demo.id(name))


async def _make_programmes(demo: Demo) -> None:
    only_coffee = (demo.id("flat-white"), demo.id("filter"))
    wanted = (
        ("coupon", "coupon", ProgrammeKind.COUPON, "", ProgrammeAsked("A coffee on us", price_points=35, valid_days=365)),
        (
            "storecard",
            "retail-points",
            ProgrammeKind.STORECARD,
            "EUR",
            ProgrammeAsked("Coffee club", points=True, earn_points_per_unit=1, reminder_days=14, valid_days=1825),
        ),
        (
            "punchcard",
            "cafe-stamps",
            ProgrammeKind.STORECARD,
            "EUR",
            ProgrammeAsked(
                "Ten coffees", Category.PUNCHCARD, points=True, stamps_goal=10, allowed_products=only_coffee, valid_days=730
            ),
        ),
    )
    for name, starter, kind, currency, asked in wanted:
        if await _there(demo, lambda tx, name=name: tx.programmes.find(DEMO, demo.id(name))):  # type: ignore[misc]
            continue
        template_id = await _make_template(demo, starter, asked.title)
        await catalogue.create_programme(
            demo.parts.services, _ACTOR, demo.id("brand"), kind, template_id, currency, asked, demo.id(name)
        )


async def _make_template(demo: Demo, starter: str, name: str) -> TemplateId:
    given = given_of(TemplateIn.model_validate(till.body(starter) | {"name": name}))
    return (await templates.create(demo.parts.services, _ACTOR, given.name, given.draft, rules=given.rules)).template.id


async def _make_terminals(demo: Demo) -> None:
    for name, title, product in (("counter-1", "Counter-01", None), ("counter-2", "Counter-02", demo.id("flat-white"))):
        terminal_id = demo.id(name)
        if not await _there(demo, lambda tx, terminal_id=terminal_id: tx.terminals.find(DEMO, terminal_id)):  # type: ignore[misc]
            await terminals.create(demo.parts.services, _ACTOR, TerminalAsked(title, "Lisbon", product), terminal_id)
        await _make_token(demo, name, f"demo: {title}", frozenset({"scans:write"}), terminal_id)


async def _make_token(demo: Demo, name: str, title: str, scopes: frozenset[str], terminal_id: str | None = None) -> None:
    key_id, text = demo.token(name)
    now = demo.parts.services.clock.now_ms()
    key = AccessKey(key_id, DEMO, title, scopes, keys.digest(text), now, terminal_id=terminal_id)

    def transaction(tx: Tx) -> None:
        if tx.keys.find(DEMO, key_id) is None:
            tx.keys.add(key)
        terminal = tx.terminals.find_locked(DEMO, terminal_id) if terminal_id is not None else None
        if terminal is not None and terminal.key_id is None:
            tx.terminals.replace(terminals.with_key(terminal, key_id))

    await demo.parts.store.write(transaction, short=True)


async def _make_cards(demo: Demo) -> None:
    """The last of them says that all is made."""
    for name, opening in _OPENINGS.items():
        serial = demo.serial(name)
        if not await _there(demo, lambda tx, serial=serial: tx.cards.find(DEMO, serial)):  # type: ignore[misc]
            new = cards.NewCard(demo.id(name), demo.id("member"), demo=True, opening=opening, serial=serial)
            await cards.issue(demo.parts.services, _ACTOR, new)
