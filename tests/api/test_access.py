"""Who may do what, and that nobody sees or changes what is another's: matrices over every operation of the OpenAPI document."""

import itertools

import pytest

from api.client import Answer, Client
from api.conftest import CARD, FACADE_CARD, MINE_LIVE, World, on_sqlite
from billfold.api import loyalty_facade_openapi
from billfold.api.openapi import operations
from billfold.api.v1 import scan_examples
from billfold.domain import keys
from billfold.domain.keys import ABILITIES, OPERATIONS, SCOPES
from billfold.domain.mail import Mail, MailKind
from billfold.flows.mail import TICKET

NAMES = {
    "createPass": "passes.create",
    "createPasses": "passes.batch",
    "replacePass": "passes.replace",
    "mergePassValues": "passes.replace",
    "voidPass": "passes.void",
    "sendMessage": "passes.message",
    "listPasses": "passes.list",
    "readPass": "passes.read",
    "readAppleBundle": "passes.read",
    "readPassPack": "passes.read",
    "readPassLinks": "passes.read",
    "readPassSnippets": "passes.read",
    "readPassQrPng": "passes.read",
    "readPassQrSvg": "passes.read",
    "previewPassPng": "passes.read",
    "previewPassSvg": "passes.read",
    "previewContent": "previews.create",
    "previewTemplatePng": "templates.read",
    "previewTemplateSvg": "templates.read",
    "previewStarterPng": "starters.read",
    "previewStarterSvg": "starters.read",
    "createTemplate": "templates.create",
    "publishTemplate": "templates.publish",
    "deleteTemplate": "templates.delete",
    "readTemplateDraft": "templates.read",
    "saveTemplateDraft": "templates.draft",
    "publishTemplateDraft": "templates.publish",
    "listTemplateRevisions": "templates.read",
    "readTemplateRevision": "templates.read",
    "restoreTemplateRevision": "templates.publish",
    "listTemplates": "templates.list",
    "readTemplate": "templates.read",
    "listStarters": "starters.list",
    "readStarter": "starters.read",
    "createImage": "images.create",
    "readImage": "images.read",
    "previewImage": "images.preview",
    "createBrand": "brands.write",
    "replaceBrand": "brands.write",
    "listBrands": "brands.read",
    "readBrand": "brands.read",
    "createProduct": "products.write",
    "replaceProduct": "products.write",
    "listProducts": "products.read",
    "readProduct": "products.read",
    "createProgramme": "programmes.write",
    "replaceProgramme": "programmes.write",
    "listProgrammes": "programmes.read",
    "readProgramme": "programmes.read",
    "createMember": "members.write",
    "replaceMember": "members.write",
    "eraseMember": "members.erase",
    "listMembers": "members.read",
    "readMember": "members.read",
    "createTerminal": "terminals.write",
    "replaceTerminal": "terminals.write",
    "renewEnrolment": "terminals.write",
    "revokeTerminal": "terminals.write",
    "listTerminals": "terminals.read",
    "readTerminal": "terminals.read",
    "issueCard": "cards.issue",
    "issueCards": "cards.issue",
    "changeCard": "cards.change",
    "removeCard": "cards.change",
    "listCards": "cards.read",
    "readCard": "cards.read",
    "loyaltyInspect": "passes.get",
    "loyaltyModify": "passes.get",
    "loyaltyRemove": "passes.get",
    "loyaltySend": "passes.get",
    "loyaltyLink": "passes.get",
    "loyaltySearch": "search.pass",
    "loyaltyScan": "scans.execute",
    "createScan": "scans.execute",
    "undoScan": "scans.execute",
    "inspectCode": "scans.execute",
    "listRecentScans": "scans.execute",
    "listScansOfPass": "scans.list",
    "readOwnTerminal": "scans.execute",
    "checkPin": "scans.execute",
    "syncTerminal": "scans.execute",
    "uploadScans": "scans.upload",
    "listQuarantine": "quarantine.list",
    "decideQuarantine": "quarantine.decide",
    "createOperation": "operations.create",
    "readOperation": "operations.read",
    "readBalances": "operations.read",
    "readStatement": "operations.read",
    "listTaxes": "ledger.sums",
    "reconcile": "ledger.sums",
    "listMail": "mail.list",
    "readMail": "mail.read",
    "reportBounce": "mail.bounce",
    "createKey": "keys.create",
    "listKeys": "keys.list",
    "revokeKey": "keys.revoke",
    "readUsage": "usage.read",
    "listEvents": "events.list",
    "checkPass": "checks.create",
    "facadeCreate": "passes.create",
    "facadeCreateBinary": "passes.create",
    "facadeReplace": "passes.replace",
    "facadeUsage": "usage.read",
}
"""Each operation of the API → its row in domain/keys.py's table: written down here a second time, as the oracle."""


AT_THE_TILL = {
    *("createScan", "undoScan", "inspectCode", "listRecentScans", "listScansOfPass"),
    *("loyaltyInspect", "loyaltyModify", "loyaltyRemove", "loyaltySend", "loyaltyLink", "loyaltyScan"),
    *("readOwnTerminal", "checkPin", "syncTerminal", "uploadScans", "decideQuarantine"),
}
"""They want a card or a terminal's device token, which test_scans.py and test_uploads.py have: a key that may hears 404 here."""


DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mNQcEgAAAFEAME1cEXuAAAAAElFTkSuQmCC"


class Things:
    """Something of each kind in a workspace."""

    def __init__(self, **ids: str) -> None:
        self.ids = ids

    @classmethod
    async def make(cls, world: World, client: Client, scope: str = "passes:read") -> "Things":
        made = await client.post("/v1/passes", {"content": CARD})
        template = await client.post("/v1/templates", {"name": "T", "content": CARD})
        filled = await client.post("/v1/passes", {"template_id": template.json["id"]})
        key = await client.post("/v1/keys", {"name": "k", "scopes": [scope]})
        image = await client.post("/v1/images", {"source": DOT})
        operation = {"id": f"operation-{made.json['id']}", "kind": "earn", "pass_id": made.json["id"], "amounts": {"points": 1}}
        await client.post("/v1/operations", operation)
        BODIES["createOperation"] = operation
        till = await make_till(client, template.json["id"])
        ids = {
            "mail_id": await a_mail(world, client, made.json["id"]),
            "operation_id": operation["id"],
            "pass_id": made.json["id"],
            "filled_id": filled.json["id"],
            "template_id": template.json["id"],
            "key_id": key.json["id"],
            "image_id": image.json["id"],
            "starter": "cafe-stamps",
            **till,
        }
        return cls(**ids, serial=ids["pass_id"])

    def path(self, template: str) -> str:
        if template.startswith("/v1/cards/"):
            return template.format(pass_id=self.ids["card_id"])
        if template.endswith("/values"):
            return template.format(pass_id=self.ids.get("filled_id", self.ids["pass_id"]))
        path = template.format(revision=1, item_id=scan_examples.SCAN_ID, **self.ids)
        return f"{path}?ids={self.ids['pass_id']}" if path.endswith("/packs") else path


async def a_mail(world: World, client: Client, pass_id: str) -> str:
    """Queues one, and makes the notice about it that could come back."""
    scope, box = keys.parse(str(client.key)).scope, world.services.mail
    mail = Mail(scope, f"mail-{pass_id}", f"{pass_id}@example.com", MailKind.PASS_LINK, pass_id=pass_id)
    await world.services.store.write(lambda tx: box.queue(tx, mail))
    to = f"bounces+{scope.code}{box.mac(scope, TICKET, mail.id)}@shop.example"
    status = "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nAction: failed\r\nStatus: 5.2.2\r\n"
    report = f'To: {to}\r\nContent-Type: multipart/report; boundary="b"\r\n\r\n--b\r\n{status}\r\n--b--\r\n'
    BODIES["reportBounce"] = report.encode()
    return mail.id


async def make_till(client: Client, template_id: str) -> dict[str, str]:
    """Something of each kind that the till has; what later requests are made of names it."""
    nth = next(_COUNT)
    brand = await client.post("/v1/brands", {"name": "B"})
    programme = {"brand_id": brand.json["id"], "kind": "storecard", "template_id": template_id, "title": "P"}
    made = await client.post("/v1/programmes", programme)
    member = {"brand_id": brand.json["id"], "email": f"person{nth}@example.com"}
    person = await client.post("/v1/members", member)
    card = {"programme_id": made.json["id"]}
    issued = await client.post("/v1/cards", card | {"member_id": person.json["id"]})
    product = await client.post("/v1/products", {"name": "Tea"})
    terminal = await client.post("/v1/terminals", {"name": "Counter"})
    BODIES.update(
        {
            "createProgramme": programme,
            "issueCard": card,
            "issueCards": {"cards": [card]},
            "createMember": member | {"email": f"other{nth}@example.com"},
            "replaceMember": {"email": member["email"]},
        }
    )
    return {
        "brand_id": brand.json["id"],
        "programme_id": made.json["id"],
        "member_id": person.json["id"],
        "card_id": issued.json["pass_id"],
        "product_id": product.json["id"],
        "terminal_id": terminal.json["id"],
    }


_COUNT = itertools.count()
BODIES: dict[str, object] = {
    "createBrand": {"name": "B"},
    "replaceBrand": {"name": "B"},
    "createProduct": {"name": "Tea"},
    "replaceProduct": {"name": "Tea"},
    "replaceProgramme": {"title": "P"},
    "createTerminal": {"name": "Counter"},
    "replaceTerminal": {"name": "Counter"},
    "changeCard": {"title": "T"},
    "sendMessage": {"header": "News", "body": "Ready."},
    "createPass": {"content": CARD},
    "replacePass": {"content": CARD | {"logo_text": "changed"}},
    "previewContent": {"content": CARD},
    "createTemplate": {"name": "T", "content": CARD},
    "publishTemplate": {"name": "T", "content": CARD | {"logo_text": "changed"}},
    "saveTemplateDraft": {"name": "T", "content": CARD | {"logo_text": "changed"}},
    "createPasses": {"template_id": "tpl_mine00t_" + "0" * 16, "passes": [{}]},
    "mergePassValues": {"values": {"a": "b"}},
    "createImage": {"source": DOT},
    "loyaltyScan": loyalty_facade_openapi.DELTA | {"organization_identifier": "mine00"},
    "createScan": scan_examples.SCAN,
    "undoScan": scan_examples.UNDO,
    "inspectCode": scan_examples.INSPECT,
    "checkPin": {"pin": "1234"},
    "uploadScans": scan_examples.UPLOAD,
    "decideQuarantine": {"decision": "drop"},
    "createKey": {"name": "k", "scopes": ["passes:read"]},
    "checkPass": {"content": CARD},
    "facadeCreate": FACADE_CARD,
    "facadeCreateBinary": FACADE_CARD,
    "facadeReplace": FACADE_CARD | {"logoText": "changed"},
}


async def all_operations(world: World) -> list[tuple[str, str, str]]:
    """(operation id, method, path template) of the whole document."""
    document = (await world.client.get("/openapi.json")).json
    return [(one["operationId"], method.upper(), path) for path, method, one in operations(document)]


async def ask(client: Client, operation: str, method: str, path: str) -> Answer:
    body = BODIES.get(operation)
    headers = {"content-type": "message/rfc822"} if isinstance(body, bytes) else None
    return await client.ask(method, path, body, headers)


@on_sqlite
@pytest.mark.requirement("S0-31")
async def test_every_operation_takes_exactly_the_scope_of_the_table(world: World) -> None:
    """Every operation with every single scope: 403 unless it is the one. And nothing is guarded by a row that nobody uses."""
    found = await all_operations(world)
    assert {name for name, _, _ in found} == set(NAMES)
    assert set(NAMES.values()) - set(ABILITIES) == set(OPERATIONS)
    clients = {scope: await world.key(scope) for scope in SCOPES}
    standing = await Things.make(world, world.client)  # for what must be refused, and so leaves them as they are
    wrong = []
    for operation, method, path in found:
        row = NAMES[operation]
        for scope, client in clients.items():
            allowed = {scope} == ABILITIES.get(row, {OPERATIONS.get(row)})  # no ability of source S2 is one scope
            things = await Things.make(world, world.client) if allowed else standing
            # keys.create may give no more than the key itself holds, so the maker of keys makes one like itself
            BODIES["createKey"] = {"name": "k", "scopes": [scope]}
            BODIES["createPasses"] = {"template_id": things.ids["template_id"], "passes": [{}]}
            answer = await ask(client, operation, method, things.path(path))
            told = answer.status == 404 if operation in AT_THE_TILL else answer.status < 300
            if (answer.status == 403) == allowed or (allowed and not told):
                wrong.append((operation, scope, answer.status))
    assert wrong == []


@on_sqlite
async def test_a_key_makes_no_stronger_key(world: World) -> None:
    manager = await world.key("keys:manage")
    refused = await manager.post("/v1/keys", {"name": "more", "scopes": ["keys:manage", "passes:write"]})
    assert (refused.problem, refused.json["needed"]) == ("forbidden", "passes:write")


@on_sqlite
async def test_without_a_key_nothing_is_answered(world: World) -> None:
    things = await Things.make(world, world.client)
    good = world.client.key
    assert good
    last = "a" if good[-1] != "a" else "b"
    presented = {
        "none": None,
        "empty": " ",
        "another form": "sk_live_1234",
        "wrong checksum": good[:-1] + last,
        "cut": good[:-1],
        "longer": good + "a",
    }
    for operation, method, path in await all_operations(world):
        for name, key in presented.items():
            answer = await ask(world.client.with_key(key), operation, method, things.path(path))
            assert answer.status == 401, (operation, name)
            assert answer.headers["www-authenticate"] == "Bearer"
        in_address = await ask(
            world.client.with_key(None), operation, method, f"{things.path(path)}?key={good}&access_token={good}"
        )
        assert in_address.status == 401, operation


@on_sqlite
async def test_an_expired_and_an_unknown_key_are_refused_alike(world: World) -> None:
    unknown = world.client.with_key(keys.mint(MINE_LIVE, bytes(range(33)))[1])
    now = world.services.clock.now_ms()
    expiring = await world.key("passes:read", expires_at_ms=now + 60_000)
    assert (await expiring.get("/v1/passes")).status == 200
    stored = keys.parse(str(expiring.key))
    found = await world.services.store.read(lambda tx: tx.keys.find(stored.scope, stored.id))
    with pytest.raises(Exception, match="expired"):
        keys.authenticate(stored, found, now + 60_000)
    assert (await unknown.get("/v1/passes")).problem == "unauthenticated"


async def test_what_is_anothers_answers_as_what_never_was(world: World) -> None:
    """T1: every operation that names an id, asked with the ids of another workspace, of the other environment, and with random
    ones. On /v1 the answers are equal to the last byte, and nothing has changed."""
    theirs = await Things.make(world, world.other)
    before = [(await world.other.get(path)).body for path in own_views(theirs)]
    random = Things(
        pass_id="mine00t-" + "0" * 21 + "z",
        serial="mine00t-" + "0" * 21 + "z",
        template_id="tpl_mine00t_" + "0" * 15 + "z",
        key_id="0" * 9 + "z",
        image_id="0" * 64,
        operation_id="operation-that-never-was",
        mail_id="mail-that-never-was",
        **{f"{one}_id": "0" * 36 for one in ("brand", "programme", "member", "product", "terminal")},
        card_id="mine00t-" + "0" * 21 + "z",
    )
    live = Things(**{name: value.replace("other0t", "mine00l") for name, value in theirs.ids.items()})
    asked = 0
    for operation, method, path in await all_operations(world):
        if "{" not in path or operation in ("readStarter", "previewStarterPng", "previewStarterSvg"):  # starters belong to nobody
            continue
        asked += 1
        if operation == "facadeReplace":  # S3's contract: 403 for another's serial, read from the serial itself
            assert (await ask(world.client, operation, method, theirs.path(path))).status == 403
            assert (await ask(world.client, operation, method, random.path(path))).status == 404
            continue
        answers = [await ask(world.client, operation, method, one.path(path)) for one in (random, theirs, live)]
        assert [one.status for one in answers] == [404] * 3, operation
        assert len({one.body for one in answers}) == 1, operation
        varying = {"x-request-id", "ratelimit", "ratelimit-policy"}
        assert len({tuple((k, v) for k, v in one.headers.items() if k not in varying) for one in answers}) == 1, operation
    assert asked == 49
    template = await world.client.post("/v1/passes", {"template_id": theirs.ids["template_id"]})
    unknown = await world.client.post("/v1/passes", {"template_id": random.ids["template_id"]})
    assert (template.status, template.body) == (404, unknown.body)
    assert [(await world.other.get(path)).body for path in own_views(theirs)] == before


TILL_LISTS = tuple(f"/v1/{one}" for one in ("brands", "programmes", "members", "products", "terminals", "cards"))


def own_views(things: Things) -> list[str]:
    return [things.path(path) for path in ("/v1/passes/{pass_id}", "/v1/templates/{template_id}")]


async def test_lists_hold_only_ones_own(world: World) -> None:
    mine, theirs = await Things.make(world, world.client), await Things.make(world, world.other)
    for path in ("/v1/passes", "/v1/templates", "/v1/keys", "/v1/events", "/v1/mail", "/v1/usage", *TILL_LISTS):
        body = (await world.client.get(path)).body.decode()
        for value in theirs.ids.values():
            assert value not in body, path
        assert "other0" not in body, path
    theirs_from = (await world.other.get("/v1/events")).json["next_cursor"]
    by_their_cursor = await world.client.get(f"/v1/events?cursor={theirs_from}")
    assert "other0" not in by_their_cursor.body.decode()
    about_theirs = await world.client.get(f"/v1/events?subject={theirs.ids['pass_id']}")
    assert about_theirs.json["items"] == []
    assert (await world.client.get(f"/v1/passes?template_id={theirs.ids['template_id']}")).status == 404
    assert mine.ids["pass_id"] in (await world.client.get("/v1/passes")).body.decode()
