"""The suppression list, as whoever runs the server sees it: why an address gets no mail, and letting it have mail again.

The list knows addresses by their MAC alone, so it can be asked about one and cannot be read out. May not enter: HTTP, SMTP."""

from collections.abc import Collection

from billfold.domain.ids import Scope
from billfold.domain.mail import Reason, Suppression, check_address, normalised
from billfold.flows.mail import ADDRESS
from billfold.ports import Services, Tx

_LEFT = (Reason.UNSUBSCRIBED, Reason.COMPLAINT)
"""What a person said, not what a mailbox did."""


async def of_address(services: Services, scope: Scope, address: str) -> list[Suppression]:
    """Its entries, oldest first. Raises Invalid."""
    known = _mac(services, scope, address)
    return await services.store.read(lambda tx: tx.mails.suppressions(scope, [known]))


async def remove(services: Services, scope: Scope, address: str) -> int:
    """How many entries that were: the address gets mails again. Raises Invalid."""
    known = _mac(services, scope, address)
    return await services.store.write(lambda tx: tx.mails.unsuppress(scope, known), short=True)


Addressee = tuple[str, str]
"""An address, and the brand whose mails it gets."""


def left_at_ms(services: Services, tx: Tx, scope: Scope, asked: Collection[Addressee]) -> dict[Addressee, int]:
    """Since when the person of an address wants no more mails of the brand, or of the workspace; who never said so is not there."""
    macs = {address: services.mail.mac(scope, ADDRESS, normalised(address)) for address, _ in asked}
    said: dict[tuple[str, str], int] = {}
    for one in tx.mails.suppressions(scope, set(macs.values())):
        if one.reason in _LEFT:
            said.setdefault((one.who.address_mac, one.who.brand_id), one.at_ms)
    found = {}
    for address, brand_id in asked:
        if since := [said[key] for brand in (brand_id, "") if (key := (macs[address], brand)) in said]:
            found[address, brand_id] = min(since)
    return found


def _mac(services: Services, scope: Scope, address: str) -> str:
    return services.mail.mac(scope, ADDRESS, normalised(check_address(address)))
