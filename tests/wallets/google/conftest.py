"""Google's half at work: a real store, a real client, and the stand-in of Google's API served by a real server.

May not enter: mocks. Only the clock stands still."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from billfold.domain.content import Content, ImageSlot, initials
from billfold.domain.delivery import Channel, Due, Outcome
from billfold.domain.errors import CredentialMissing
from billfold.domain.ids import Scope
from billfold.domain.passes import Pass
from billfold.domain.pictures import PublicPictures
from billfold.domain.totp import SECRET_BYTES
from billfold.outgoing.client import OutgoingClient
from billfold.outgoing.errors import OutgoingError
from billfold.outgoing.guard import Role
from billfold.ports import GoogleObject, Store, Workspace
from billfold.storage.store import open_store
from billfold.wallets.google.adapter import GoogleOptions, GoogleWallet
from billfold.wallets.google.credentials import GoogleCredential, load_google_credential
from billfold.wallets.google.http import NoAnswer
from clocks import FakeClock
from sandbox.google.conftest import Google, serve
from wallets.google.material import COFFEE, ISSUER, NOW_MS, SCOPE, pass_of, private_pem, public_pem

SCOPE_OF_API = "https://www.googleapis.com/auth/wallet_object.issuer"

ACCOUNT = {
    "type": "service_account",
    "private_key_id": "a1" * 20,
    "client_email": "billfold@project-1.iam.gserviceaccount.com",
    "client_id": "104567890123456789012",
}


@dataclass
class Wire:
    """The guarded outgoing client, and a list of what went through it."""

    client: OutgoingClient
    seen: list[tuple[str, str]] = field(default_factory=list)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.seen.append((method, url.partition("/walletobjects/v1")[2] or url.rpartition("/")[2]))
        try:
            response = await self.client.request(
                method, url, role=Role.TRUSTED, headers=headers, body=body, timeout_seconds=timeout_seconds
            )
        except OutgoingError as error:
            raise NoAnswer(str(error)) from error
        return response.status, response.headers, response.body


class Shelf:
    """Pictures that are there already: each is shown by the hash it was given by."""

    async def files(self, scope: Scope, content: Content) -> tuple[tuple[str, str, bytes], ...]:
        raise AssertionError("files are Apple's")

    async def public(self, scope: Scope, content: Content) -> PublicPictures:
        given = content.images.get
        logo = given(ImageSlot.LOGO) or f"drawn-{initials(content)}"
        return PublicPictures(logo, given(ImageSlot.WIDE_LOGO), given(ImageSlot.STRIP), given(ImageSlot.THUMBNAIL))


@dataclass
class Accounts:
    """The service accounts of a scope, by issuer."""

    known: dict[str, GoogleCredential]

    async def google(self, scope: Scope, issuer_id: str | None) -> GoogleCredential:
        found = self.known.get(issuer_id or next(iter(self.known), ""))
        if found is None or scope != SCOPE:
            raise CredentialMissing("google", "run billfold google connect")
        return found


@dataclass
class World:
    google: Google
    store: Store
    wire: Wire
    accounts: Accounts
    wallet: GoogleWallet
    clock: FakeClock
    callback_url: str | None = None
    plain_callbacks: bool = False
    batch_seconds: float = 600.0

    async def issue(self, content: Content = COFFEE, seed: bytes = b"0123456789abcdef", **more: Any) -> Pass:
        made = pass_of(content, seed=seed, **more)
        await self.store.write(lambda tx: tx.passes.add(made, "key"))
        return made

    async def change(self, pass_: Pass, content: Content | None = None, **changes: Any) -> Pass:
        made = replace(pass_, content=content or pass_.content, number=pass_.number + 1, **changes)
        await self.store.write(lambda tx: tx.passes.replace(made))
        return made

    async def publish(self, *passes: Pass) -> list[Outcome]:
        return await self.wallet.publish(SCOPE, [due(one) for one in passes])

    async def remembered(self, pass_: Pass) -> GoogleObject | None:
        return await self.store.read(lambda tx: tx.google.find(SCOPE, pass_.id))

    def object(self, pass_: Pass) -> dict[str, Any]:
        answer = self.google.api("GET", f"/genericObject/{ISSUER}.{pass_.id}")
        assert answer.status == 200, answer.raw
        found: dict[str, Any] = answer.json
        return found

    def messages(self, pass_: Pass) -> list[tuple[str, str]]:
        return [(one["messageType"], one["body"]) for one in self.object(pass_).get("messages", [])]

    def classes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.google.api("GET", f"/genericClass?issuerId={ISSUER}").json.get("resources", [])
        return found

    def calls(self) -> list[str]:
        """What went out since the last look: method, kind, and what was done to it."""
        seen = [f"{method} {path}".replace(f"{ISSUER}.", "") for method, path in self.wire.seen]
        self.wire.seen.clear()
        return seen

    def verbs(self) -> list[str]:
        """The same without ids and without sign-in."""
        out = []
        for one in self.calls():
            method, _, path = one.partition(" ")
            if path != "token":
                parts = path.strip("/").split("/")
                out.append(f"{method} {parts[0]}" + (" message" if parts[-1] == "addMessage" else ""))
        return out

    def fault(self, status: int, **more: Any) -> None:
        self.google.control("POST", "/faults", {"status": status, "path": "/walletobjects/", **more})


def due(pass_: Pass) -> Due:
    return Due(SCOPE, Channel.GOOGLE, 0, pass_.id, "", pass_.number, 0, 0)


@pytest.fixture
def engine() -> str:
    """What Google gets does not depend on the engine: storage's own tests run on both."""
    return "sqlite"


@pytest.fixture
def google(tmp_path: Path, clock: FakeClock) -> Iterator[Google]:
    for running in serve(tmp_path / "google.db", account=dict(ACCOUNT, private_key=private_pem()), clock=clock):
        running.state.register_issuer(ISSUER, ACCOUNT["client_email"], public_pem(), ACCOUNT["private_key_id"])
        running.control("POST", "/settings", {"requests_per_second": 0})  # its second never ends on a clock that stands still
        # The observer signs in beforehand: Google's libraries go by this machine's clock, and here time stands still.
        observer = ACCOUNT["client_email"]
        running.state.run("insert into access_token values ('observer', ?, ?, ?)", observer, SCOPE_OF_API, 2**52)
        running._token = "observer"
        yield running


@pytest.fixture
async def store(migrated_url: str, clock: FakeClock) -> AsyncIterator[Store]:
    opened = open_store(migrated_url, clock=clock)
    await opened.write(lambda tx: tx.workspaces.add(Workspace(SCOPE.workspace, "Bayroast", "Bayroast", NOW_MS)))
    yield opened
    await opened.close()


@pytest.fixture
async def world(google: Google, store: Store, clock: FakeClock) -> AsyncIterator[World]:
    credential = load_google_credential(json.dumps(google.account).encode(), ISSUER, foreign_token_uri=True)
    wire, accounts = Wire(OutgoingClient()), Accounts({ISSUER: credential})
    made: World

    def options(_: Scope) -> GoogleOptions:
        return GoogleOptions(
            api_url=google.url,
            save_base_url=f"{google.url}/gp/v/save/",
            root_keys_url=f"{google.url}/gp/m/issuer/keys",
            requests_per_second=10_000,
            plain_callbacks=made.plain_callbacks,
            batch_seconds=made.batch_seconds,
        )

    wallet = GoogleWallet(
        store,
        accounts,
        wire,
        Shelf(),
        lambda scope, hash: f"https://cards.example/i/{scope.code}/{hash}.png",
        lambda _: made.callback_url,
        clock,
        options,
        lambda scope, pass_id: hashlib.sha256(f"{scope.code}/{pass_id}".encode()).digest()[:SECRET_BYTES],
    )
    made = World(google, store, wire, accounts, wallet, clock)
    yield made
    await wire.client.close()
