"""What the scanner decides by itself: amounts, which things a card offers, signed codes and the offline budget."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Module = Callable[..., Any]
NOW = 1_800_000_000_000
GRANT = {"grant": "g2", "count": 3, "amount_minor": {"EUR": 1000}, "expires_at": "2027-01-16T00:00:00Z"}


@pytest.mark.parametrize(
    ("keys", "unit", "minor", "shown"),
    [
        (["5", "00"], "EUR", 500, "5.00"),
        (["1", "2", "back", "5"], "EUR", 15, "0.15"),
        (["7"], "JPY", 7, "7"),
        (["1", "2", "3", "4"], "KWD", 1234, "1.234"),
        (["9"] * 20, "EUR", 999_999_999_999, "9999999999.99"),
        (["1", "clear"], "EUR", 0, "0.00"),
        (["3", "0"], "points", 30, "30"),
    ],
)
def test_amounts_come_in_from_the_right_and_stay_whole(keys, unit, minor, shown, module: Module) -> None:
    pressed = module("amounts.js", "(m, [keys]) => keys.reduce((sum, key) => m.press(sum, key), 0)", keys)
    assert pressed == minor
    assert module("amounts.js", "(m, [n, unit]) => m.decimal(n, unit)", pressed, unit) == shown


@pytest.mark.parametrize(
    ("minor", "unit", "text"),
    [
        (1950, "EUR", "€19.50"),
        (-550, "EUR", "-€5.50"),
        (1, "points", "1 point"),
        (1200, "points", "1,200 points"),
        (900, "JPY", "¥900"),
        (900_719_925_474_099, "EUR", "€9,007,199,254,740.99"),
    ],
)
def test_amounts_are_written_exactly(minor, unit, text, module: Module) -> None:
    assert module("amounts.js", "(m, [n, unit]) => m.written(n, unit)", minor, unit) == text


def card(**facts: object) -> dict[str, object]:
    return {"kind": "storecard", "balances": [], "stamps_goal": None, "allowed_products": [], **facts}


def balances(**units: int) -> list[dict[str, object]]:
    return [{"unit": unit, "minor": minor} for unit, minor in units.items()]


@pytest.mark.parametrize(
    ("shown", "steps"),
    [
        (card(kind="coupon"), ["redeem"]),
        (card(balances=balances(EUR=0)), ["charge EUR", "top_up EUR"]),
        (card(balances=balances(points=3)), ["earn points", "charge points"]),
        (card(balances=balances(stamps=4), stamps_goal=10), ["stamp stamps"]),
        (card(balances=balances(stamps=10), stamps_goal=10), ["redeem", "stamp stamps"]),
        (card(balances=balances(entries=2)), ["check_in"]),
        (card(category="subscription"), ["check_in"]),
    ],
)
def test_a_card_offers_what_is_on_it(shown, steps, module: Module) -> None:
    found = module("steps.js", "(m, [card]) => m.stepsFor(card, [])", shown)
    assert [" ".join(filter(None, (one["action"], one.get("unit")))) for one in found] == steps


@pytest.mark.requirement("S2-42", "S2-43", "S2-44")
def test_tiles_are_what_the_card_may_buy_with_the_terminals_own_first(module: Module) -> None:
    products = [
        {"id": "a", "number": 1, "name": "Tea", "currency": "EUR", "price_minor": 250, "price_points": 20},
        {"id": "b", "number": 2, "name": "Coffee", "currency": "EUR", "price_minor": 280, "price_points": None},
        {"id": "c", "number": 3, "name": "Mug", "currency": "CHF", "price_minor": 900, "price_points": None},
    ]
    facts = {"products": products, "terminal": {"product": {"id": "b"}}, "card": card()}
    names = "(m, [unit, facts]) => m.tilesFor(unit, facts).map(one => `${one.name} ${one.price}`)"
    assert module("steps.js", names, "EUR", facts) == ["Coffee 280", "Tea 250"]
    assert module("steps.js", names, "points", facts) == ["Tea 20"]
    assert module("steps.js", names, "EUR", facts | {"card": card(allowed_products=["Tea"])}) == ["Tea 250"]


@pytest.mark.requirement("S2-43", "S2-48")
def test_a_card_for_certain_products_offers_them_where_no_price_tells(module: Module) -> None:
    products = [{"id": name, "number": nth, "name": name} for nth, name in enumerate(("Tea", "Coffee", "Mug"))]
    facts = {"products": products, "terminal": None, "card": card(allowed_products=["Tea", "Mug"])}
    offered = """(m, [action, facts]) => {
      const found = m.choicesFor({ action }, facts);
      return [found.map(one => one.name), m.obvious(found)?.name ?? null];
    }"""
    assert module("steps.js", offered, "stamp", facts) == [["Tea", "Mug"], None]
    assert module("steps.js", offered, "earn", facts | {"terminal": {"product": {"id": "Mug"}}}) == [["Mug", "Tea"], "Mug"]
    assert module("steps.js", offered, "stamp", facts | {"card": card(allowed_products=["Tea"])}) == [["Tea"], "Tea"]
    for action, whose in (("stamp", card()), ("stamp", None), ("charge", facts["card"])):
        assert module("steps.js", offered, action, facts | {"card": whose}) == [[], None]


def test_codes_take_turns(module: Module) -> None:
    heard = """(m, [steps]) => {
      let now = 0;
      const turns = new m.Turns(() => now);
      const said = steps.map(({ at, code, done, ...how }) => {
        now = at;
        return done ? turns.done() ?? "" : turns.heard(code, how);
      });
      return [said, turns.code, turns.next];
    }"""
    busy = {"busy": True}
    played = [{"at": 0, "code": "A"}, {"at": 1, "code": "A"} | busy, {"at": 2, "code": "B"} | busy, {"at": 3, "code": "C"} | busy]
    assert module("turns.js", heard, played) == [["now", "twice", "waits", "waits"], "A", "C"]
    assert module("turns.js", heard, [*played, {"at": 4, "code": "D"}]) == [["now", "twice", "waits", "waits", "now"], "D", ""]
    at_a_gate = [{"at": at, "code": code, "atOnce": True} for at, code in ((0, "A"), (2_999, "A"), (3_000, "A"), (3_001, "B"))]
    assert module("turns.js", heard, at_a_gate)[0] == ["now", "twice", "now", "now"]
    assert module("turns.js", heard, [{"at": 0, "code": "A"}, {"at": 1, "code": "A"}])[0] == ["now", "now"]
    after = [{"at": 0, "code": "A"}, {"at": 1, "done": True}, {"at": 2, "code": "A"} | busy]
    assert module("turns.js", heard, after) == [["now", "", "waits"], "A", "A"], "a new wish, while the first is undone"


def test_a_code_that_nobody_listened_to_is_told_again(module: Module) -> None:
    told = """(m, [listening]) => {
      const told = [];
      const see = m.onlyNew((text) => (told.push(text), listening[told.length - 1]), "", () => 5000);
      for (const _ of listening) see("A");
      return told;
    }"""
    assert module("camera.js", told, [True, True, True]) == ["A"]
    assert module("camera.js", told, [False, False, True]) == ["A", "A", "A"]
    assert module("camera.js", told, [False, True, True]) == ["A", "A"]


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": base64url(numbers.x.to_bytes(32, "big")),
        "y": base64url(numbers.y.to_bytes(32, "big")),
    }


def signed(key: ec.EllipticCurvePrivateKey, pass_id: str = "demo00tA", expires: int = 0) -> str:
    said = f"BF1.{pass_id}.{expires}"
    r, s = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{said}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


READ = "(m, [code, key, now]) => m.readSigned(code, key, now)"


@pytest.mark.requirement("S0-15")
def test_a_signed_code_is_believed_only_as_it_was_signed(key, module: Module) -> None:
    code, public = signed(key), jwk(key)
    assert module("offline.js", READ, code, public, NOW) == {"pass_id": "demo00tA"}
    head, body = code[:-86], code[-86:]
    flipped = ("A" if body[0] != "A" else "B") + body[1:]
    assert module("offline.js", READ, head + flipped, public, NOW) == {"why": "forged"}
    assert module("offline.js", READ, code.replace("demo00tA", "demo00tB"), public, NOW) == {"why": "forged"}
    assert module("offline.js", READ, code, jwk(ec.generate_private_key(ec.SECP256R1())), NOW) == {"why": "forged"}
    assert module("offline.js", READ, code, None, NOW) == {"why": "forged"}
    for other in ("LOYALTY-1", "", code + "A", code[:-1], "BF2" + code[3:], "BF1.a.b.c"):
        assert module("offline.js", READ, other, public, NOW) == {"why": "unsigned"}, other


def test_a_signed_code_ends_when_it_says(key, module: Module) -> None:
    code = signed(key, expires=NOW // 1000)
    assert module("offline.js", READ, code, jwk(key), NOW - 1) == {"pass_id": "demo00tA"}
    assert module("offline.js", READ, code, jwk(key), NOW) == {"why": "code_expired"}


def taken(minor: int, grant: str = "g2", **facts: object) -> dict[str, object]:
    return {"offline": True, "grant": grant, "action": "charge", "amounts": {"EUR": minor}, "scanned": "X", **facts}


CHARGE = {"action": "charge", "amounts": {"EUR": 400}, "scanned": "C", "known_pass": "P"}
REDEEM = {"action": "redeem", "scanned": "C", "known_pass": "P"}


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, ""),
        ({"granted": None}, "no_grant"),
        ({"granted": GRANT | {"expires_at": "2027-01-15T07:59:59Z"}}, "grant_expired"),
        ({"reading": {"why": "forged"}}, "forged"),
        ({"reading": {"why": "unsigned"}}, "unsigned"),
        ({"reading": {"why": "unsigned"}, "granted": GRANT | {"unsigned": True}}, ""),
        ({"reading": {"why": "forged"}, "granted": GRANT | {"unsigned": True}}, "forged"),
        ({"voided": ["P"]}, "voided"),
        ({"operations": [taken(300), taken(300)]}, ""),
        ({"operations": [taken(300), taken(301)]}, "amount_used_up"),
        ({"operations": [taken(1), taken(1), taken(1)]}, "count_used_up"),
        ({"operations": [taken(900, grant="g1"), taken(900, offline=False)]}, ""),
        ({"scan": CHARGE | {"amounts": {"CHF": 1}}}, "amount_used_up"),
        ({"scan": CHARGE | {"amounts": {"points": 9999}}}, ""),
        ({"scan": REDEEM}, ""),
        ({"scan": REDEEM, "operations": [taken(0, action="redeem", scanned="other", known_pass="P")]}, "already_here"),
        ({"scan": REDEEM, "operations": [taken(0, action="redeem", scanned="C", answer={"result": "declined"})]}, ""),
        ({"scan": REDEEM, "operations": [taken(0, action="redeem", scanned="C", undo={"id": "u"})]}, ""),
    ],
    ids=lambda one: json.dumps(one)[:60] if isinstance(one, dict) else one or "taken",
)
def test_what_is_taken_without_the_server_stays_within_the_grant(facts, why, module: Module) -> None:
    asked = {"granted": GRANT, "voided": [], "reading": {"pass_id": "P"}, "scan": CHARGE, "operations": [], "now": NOW} | facts
    assert module("offline.js", "(m, [asked]) => m.refusal(asked)", asked) == why
