"""The suppression list, as whoever runs the server sees it: why an address gets no mail, and letting it have mail again.

The list knows addresses by their MAC alone, so it can be asked about one and cannot be read out. May not enter: HTTP, SMTP."""

from billfold.domain.ids import Scope
from billfold.domain.mail import Reason, Suppression, check_address, normalised
from billfold.flows.mail import ADDRESS
from billfold.ports import Services, Tx

_LEFT = (Reason.UNSUBSCRIBED, Reason.COMPLAINT)
"""What a person said, not what a mailbox did."""


async def of_address(services: Services, scope: Scope, address: str) -> list[Suppression]:
    """Its entries, oldest first. Raises Invalid."""
    known = _mac(services, scope, address)
    return await services.store.read(lambda tx: tx.mails.suppressions(scope, known))


async def remove(services: Services, scope: Scope, address: str) -> int:
    """How many entries that were: the address gets mails again. Raises Invalid."""
    known = _mac(services, scope, address)
    return await services.store.write(lambda tx: tx.mails.unsuppress(scope, known), short=True)


def left_at_ms(services: Services, tx: Tx, scope: Scope, address: str, brand_id: str) -> int | None:
    """When the person of this address said that they want no more mails of the brand, or of the workspace; None: never."""
    listed = tx.mails.suppressions(scope, services.mail.mac(scope, ADDRESS, normalised(address)))
    return next((one.at_ms for one in listed if one.reason in _LEFT and one.who.brand_id in (brand_id, "")), None)


def _mac(services: Services, scope: Scope, address: str) -> str:
    return services.mail.mac(scope, ADDRESS, normalised(check_address(address)))
