"""What an iPhone asks of us: register, what changed, the pass itself, unregister, complain. Source: reference/apple-wallet.md
section 4. Every question is answered from rows; nothing waits for Apple.

May not enter: HTTP headers and statuses (api/apple_web_service.py), pushing."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from billfold.domain.content import Content
from billfold.domain.errors import NotFound, TooMany, Unauthenticated
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, Scope, scope_of_pass
from billfold.domain.passes import Pass, Template, content_of
from billfold.ports import Registration, Services, Tx


@dataclass(frozen=True, slots=True)
class Shown:
    """A pass and what its holder sees now."""

    pass_: Pass
    content: Content


def known(tx: Tx, scope: Scope, serial: str) -> tuple[Pass, Template | None] | None:
    """The pass and what it shows; None for one that is not the scope's."""
    if scope_of_pass(serial) != scope:
        return None
    found = tx.passes.find(scope, PassId(serial))
    if found is None:
        return None
    return found, tx.templates.find(scope, found.template_id) if found.template_id else None


async def show(services: Services, scope: Scope, serial: str) -> Shown:
    """Raises NotFound."""
    found = await services.store.read(lambda tx: known(tx, scope, serial))
    if found is None:
        raise NotFound("pass")
    return Shown(found[0], content_of(*found))


async def show_of_type(services: Services, scope: Scope, pass_type: str, serial: str) -> Shown:
    """The pass as it is now, for whoever has its token. Raises Unauthenticated (also for an unknown pass)."""
    found = await services.store.read(lambda tx: known(tx, scope, serial))
    if found is None or found[0].pass_type != pass_type:
        raise Unauthenticated("unknown")
    return Shown(found[0], content_of(*found))


def check_token(services: Services, scope: Scope, serial: str, token: str) -> None:
    """The token is a MAC over the serial number, so a wrong one is refused before any look-up. Raises Unauthenticated."""
    if scope_of_pass(serial) != scope or not hmac.compare_digest(
        services.secrets.pass_token(scope, PassId(serial)).encode(), token.encode()
    ):
        raise Unauthenticated("unknown")


async def register(services: Services, scope: Scope, device: str, pass_type: str, serial: str, token: str, push_token: str) -> bool:
    """True when the registration is new. Raises Unauthenticated (also for an unknown pass), TooMany."""
    check_token(services, scope, serial, token)
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> bool:
        # Locked, so that devices which register at once are counted one after the other.
        found = tx.passes.find_locked(scope, PassId(serial))
        if found is None or found.pass_type != pass_type:
            raise Unauthenticated("unknown")
        if tx.registrations.count(scope, found.id) >= services.devices_per_pass_max:
            held = f"{pass_type}/{device}" in tx.registrations.devices(scope, found.id)
            if not held:
                raise TooMany("devices", "this pass is on as many devices as it may be", 3600)
        # The pass may have changed between the download and this call: then the device is told, and its next list names the pass.
        number = tx.numbers.next(scope) if found.changed_since_issue else 0
        made = Registration(scope, pass_type, device, found.id, number, now)
        new = tx.registrations.add(made, push_token, now, want=number > 0)
        if new:
            tx.events.append(Event(services.entropy.event_id(), scope, now, EventKind.PASS_INSTALLED, serial, wallet="apple"))
            tx.cards.set_downloaded(scope, found.id, now, None, None)
        return new

    new = await services.store.write(transaction, short=True)
    services.wake()
    return new


async def unregister(services: Services, scope: Scope, device: str, pass_type: str, serial: str, token: str) -> None:
    """Gone or never there: the same. Raises Unauthenticated (also for an unknown pass)."""
    check_token(services, scope, serial, token)
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> None:
        found = tx.passes.find(scope, PassId(serial))
        if found is None or found.pass_type != pass_type:
            raise Unauthenticated("unknown")
        if tx.registrations.remove(scope, pass_type, device, PassId(serial)):
            tx.events.append(Event(services.entropy.event_id(), scope, now, EventKind.PASS_REMOVED, serial, wallet="apple"))

    await services.store.write(transaction)


async def changed(services: Services, scope: Scope, device: str, pass_type: str, tag: int | None) -> tuple[list[PassId], int]:
    """(serial numbers changed since `tag`, the new tag). An unknown device and one with nothing new get the same: nothing."""
    return await services.store.read(lambda tx: tx.registrations.changed_since(scope, pass_type, device, tag))


async def fetch(services: Services, scope: Scope, pass_type: str, serial: str, token: str) -> Shown:
    """The pass as it is now. Raises Unauthenticated (also for an unknown pass)."""
    check_token(services, scope, serial, token)
    return await show_of_type(services, scope, pass_type, serial)


def fetched(services: Services, shown: Shown) -> Event:
    """A device has got the pass as it is now: the proof that a push came through. For the diary, which gives it its id."""
    scope, at, version = shown.pass_.scope, services.clock.now_ms(), shown.pass_.version
    return Event("", scope, at, EventKind.PASS_FETCHED, shown.pass_.id, wallet="apple", data={"version": version})


async def complain(services: Services, scope: Scope, lines: Sequence[str]) -> None:
    """Keeps what a device says is wrong with us, for the operator. Lines of nobody's workspace are dropped."""
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> None:
        if tx.workspaces.find(scope.workspace) is not None:
            tx.device_log.add(scope, lines, now)

    await services.store.write(transaction)
