"""Properties: whatever JSON a caller sends, the stand-in answers with a decision, never with a crash."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billfold.sandbox.google.schema import Property, load
from billfold.sandbox.google.verticals import TYPES, ResourceType
from sandbox.google import samples
from sandbox.google.conftest import ISSUER, Google

SCHEMAS = load()
LIMITED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.sampled_from(["", "x", f"{ISSUER}.c", f"{ISSUER}.o", "2027-01-01T00:00:00Z", "https://a.example", "#fff", "999", "\x00"])


def value_of(prop: Property, depth: int) -> st.SearchStrategy[Any]:
    """Mostly what the schema wants, sometimes anything."""
    if prop.ref:
        good: st.SearchStrategy[Any] = body_of(prop.ref, depth - 1) if depth else st.just({})
    elif prop.items is not None:
        good = st.lists(value_of(prop.items, depth), max_size=2)
    elif prop.enum:
        good = st.sampled_from(sorted(prop.enum))
    elif prop.type == "boolean":
        good = st.booleans()
    elif prop.type in ("integer", "number"):
        good = st.integers(-200, 200)
    else:
        good = TEXTS
    return st.one_of(good, good, good, ANYTHING)


def body_of(name: str, depth: int) -> st.SearchStrategy[Any]:
    members = SCHEMAS.by_name[name]
    chosen = st.lists(st.sampled_from(sorted(members)), max_size=4, unique=True) if members else st.just([])
    return chosen.flatmap(lambda names: st.fixed_dictionaries({each: value_of(members[each], depth) for each in names}))


@pytest.fixture
def filled(wide: Google) -> Google:
    """One class and one object of each vertical."""
    for kind in TYPES:
        made = samples.class_of(kind.vertical, f"{ISSUER}.{kind.vertical}c")
        if kind.kind == "object":
            made = samples.object_of(kind.vertical, f"{ISSUER}.{kind.vertical}o", f"{ISSUER}.{kind.vertical}c")
        assert wide.api("POST", f"/{kind.name}", made).status == 200
    return wide


@LIMITED
@given(data=st.data(), kind=st.sampled_from(TYPES), method=st.sampled_from(["POST", "PUT", "PATCH", "message"]))
def test_bodies_near_the_schema_get_a_decision(filled: Google, data: st.DataObject, kind: ResourceType, method: str) -> None:
    body = data.draw(body_of("AddMessageRequest" if method == "message" else kind.schema, 3))
    target = f"/{kind.name}/{ISSUER}.{kind.vertical}{kind.kind[0]}"
    if method == "POST":
        answer = filled.api("POST", f"/{kind.name}", json.dumps(body).encode())
    elif method == "message":
        answer = filled.api("POST", f"{target}/addMessage", json.dumps(body).encode())
    else:
        answer = filled.api(method, target, json.dumps(body).encode())
    assert answer.status in (200, 400, 403, 404, 409), answer.raw
    if answer.status != 200:
        assert answer.json["error"]["code"] == answer.status
        assert answer.json["error"]["errors"][0]["message"] == answer.message
    else:
        assert filled.api("GET", target).status == 200, "what was taken can be read"


@LIMITED
@given(body=ANYTHING, path=st.sampled_from(["/loyaltyClass", "/jwt", "/jwt/validate", "/issuer", "/genericObject"]))
def test_any_json_gets_a_decision(wide: Google, body: Any, path: str) -> None:
    assert wide.api("POST", path, json.dumps(body).encode()).status in (200, 400, 403, 404)


@LIMITED
@given(payload=ANYTHING, claims=st.dictionaries(st.sampled_from(["iss", "aud", "typ", "iat"]), ANYTHING, max_size=2))
def test_any_save_jwt_gets_a_decision(wide: Google, payload: Any, claims: dict[str, Any]) -> None:
    assert wide.save(wide.signed(**{"payload": payload, **claims})).status in (400, 403, 404)


@LIMITED
@given(raw=st.binary(max_size=200))
def test_any_bytes_get_a_decision(wide: Google, raw: bytes) -> None:
    assert wide.api("POST", "/loyaltyClass", raw).status == 400
    assert wide.http("POST", "/token", raw).status == 400
    assert wide.http("POST", "/batch", raw, {"Content-Type": "multipart/mixed; boundary=x"}).status == 400
    assert wide.http("POST", "/gp/v/save/x.y.z", raw).status == 400


@LIMITED
@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_any_id_in_an_address_gets_a_decision(wide: Google, text: str) -> None:
    from urllib.parse import quote

    assert wide.api("GET", f"/loyaltyClass/{quote(text, safe='')}").status in (400, 404)
    assert wide.api("GET", f"/loyaltyClass?issuerId={ISSUER}&fields={quote(text, safe='')}").status in (200, 400)
