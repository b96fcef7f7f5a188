"""The requests of source S2's document as somebody types them: real `curl`, a real shell that eats quotes, the server as it
ships and its demo workspace. Only the address and the placeholders are filled in."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from judges import judge
from servers import serving

HEADERS = '-H "Content-Type: application/json" -H "Accept: application/json" -H "Authorization: Bearer {token}"'
NAMED = '"brand_id": "{brand_id}", "email": "{email}", "pass_code": "{pass_code}"'
WANTED = """'email': '{email}',
'brand_id': '{brand_id}',
'coupon_id': '{coupon_id}',
'expiration_date': '2999-01-31T10:00:00Z',
'pass_title': 'Welcome',
'status': 'active'"""
SCAN = """'points': 1,
'balance': 5.50,
'organization_identifier': '{organization_identifier}',
'pass_code': '{pass_code}',
'external_reference': 'till-3-42',
'description': 'Latte macchiato',
'transaction_reference': '{reference}',
'vat_rate': 21"""


@dataclass
class Demo:
    url: str
    given: dict[str, Any]

    def curl(self, method: str, path: str, data: str, quote: str = "'", token: str = "api_token", **more: str) -> Any:
        """`quote`: which one stands around the body on the command line, as the document has it."""
        named = {**{name: str(value) for name, value in self.given.items()}, "token": self.given[token], **more}
        line = f"{judge('curl')} -s -X {method} {self.url}{path} {HEADERS} -d {quote}{{{data}}}{quote}"
        for name, value in named.items():
            line = line.replace(f"{{{name}}}", value)
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with serving(folder, os.environ.copy()) as ready:
        yield Demo(ready["url"], ready["demo"])


@pytest.mark.requirement("S2-02", "S2-08", "S2-09", "S2-15")
def test_inspecting_a_pass(demo: Demo) -> None:
    code = demo.given["storecard_pass_code"]
    found = demo.curl("GET", "/passes", NAMED, pass_code=code)
    assert found["success"] is True, found
    assert found["data"]["storecard"]["identifier"]
    listed = demo.curl("GET", "/search/pass", '"pass_code": "{pass_code}"', pass_code=code)
    assert len(listed["data"]) >= 1
    assert demo.curl("GET", "/passes", NAMED, token="weak_token", pass_code=code) == {"message": "Invalid ability provided."}


@pytest.mark.requirement("S2-19", "S2-21", "S2-22", "S2-23", "S2-24", "S2-25", "S2-26")
def test_making_changing_and_removing_a_pass(demo: Demo) -> None:
    made = demo.curl("POST", "/passes/url", WANTED)
    assert made.get("success") is True, made
    code = made["url"].rpartition("/")[2]
    with urllib.request.urlopen(made["url"]) as page:
        assert page.status == 200
    change = NAMED + ', "expiration_date": "2999-02-28 10:00:00", "status": "blocked"'
    changed = demo.curl("PUT", "/passes", change, pass_code=code)
    assert (changed["success"], changed["message"]) == (True, "Pass updated successfully")
    assert changed["transaction_id"]
    assert demo.curl("GET", "/passes", NAMED, pass_code=code)["data"]["blocked"] == 1
    assert demo.curl("DELETE", "/passes", NAMED, pass_code=code)["message"] == "Pass removed"
    assert demo.curl("GET", "/passes", NAMED, pass_code=code) == {"message": "Pass not found."}
    assert demo.curl("POST", "/passes", WANTED) == {"success": True, "message": "Email has been send"}


@pytest.mark.requirement("S2-27", "S2-30", "S2-34", "S2-35", "S2-36", "S2-39", "S2-40")
def test_scanning_a_store_card(demo: Demo) -> None:
    named = {"pass_code": demo.given["storecard_pass_code"], "token": "scanner_device_token", "reference": "key-1"}
    first = demo.curl("POST", "/passes/scan/storecard", SCAN, '"', **named)
    assert (first["success"], first["message"], first["was_duplicate"]) == (True, "Pass updated", False), first
    assert (first["transaction_id"], first["transaction_reference"]) == ("till-3-42", "key-1")
    again = demo.curl("POST", "/passes/scan/storecard", SCAN, '"', **named)
    assert again == first | {"was_duplicate": True}
    next_ = demo.curl("POST", "/passes/scan/storecard", SCAN, '"', **named | {"reference": "key-2"})
    assert (next_["points"], round(next_["balance"] - first["balance"], 2)) == (first["points"] + 1, 5.5)


@pytest.mark.requirement("S2-43", "S2-44", "S2-45", "S2-46", "S2-47", "S2-48")
def test_a_restricted_card_refuses(demo: Demo) -> None:
    """The demo's punch card: the document's own line is a top-up and goes past the restriction, a charge does not."""

    def scan(taken: str, reference: str, token: str = "scanner_device_token") -> Any:
        named = {"pass_code": demo.given["punchcard_pass_code"], "token": token, "reference": reference}
        return demo.curl("POST", "/passes/scan/storecard", taken, '"', **named)

    charge = SCAN.replace("'points': 1,\n", "").replace("'balance': 5.50", "'balance': -4.20")
    unnamed = charge.replace("'description': 'Latte macchiato',\n", "")
    topped_up = scan(SCAN, "key-3")
    assert (topped_up["points"], topped_up["balance"]) == (41, 25.5), topped_up
    allowed = ["Flat white", "Filter coffee"]
    number = {one["name"]: one["number"] for one in demo.given["products"]}["Carrot cake"]
    denied = {"error_code": "product_not_allowed", "allowed_products": allowed, "resolved_product_id": number}
    message = 'Product "Carrot cake" is not allowed on this storecard. The card is restricted to: Flat white, Filter coffee.'
    by_price = scan(unnamed, "key-4")
    assert by_price == denied | {"message": message, "resolved_description": "Carrot cake"}
    unclear = scan(unnamed.replace("4.20", "1.23"), "key-5")
    assert unclear.pop("message").startswith("This card is restricted to specific products.")
    assert unclear == {
        **{"error_code": "cannot_validate_restriction", "allowed_products": allowed, "resolved_product_id": None},
        "resolved_description": "Charged at: Counter-01",
    }
    assert scan(unnamed.replace("4.20", "3.50"), "key-6")["balance"] == 22
    assert scan(unnamed.replace("4.20", "1.23"), "key-7", "scanner_device_token_with_product")["balance"] == 20.77
