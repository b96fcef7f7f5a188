"""The suppression list, as whoever runs the server sees it: why an address gets no mail, and letting it have mail again.

The list knows addresses by their MAC alone, so it can be asked about one and cannot be read out. May not enter: HTTP, SMTP."""

from billfold.domain.ids import Scope
from billfold.domain.mail import Suppression, check_address, normalised
from billfold.flows.mail import ADDRESS
from billfold.ports import Services


async def of_address(services: Services, scope: Scope, address: str) -> list[Suppression]:
    """Its entries, oldest first. Raises Invalid."""
    known = _mac(services, scope, address)
    return await services.store.read(lambda tx: tx.mails.suppressions(scope, known))


async def remove(services: Services, scope: Scope, address: str) -> int:
    """How many entries that were: the address gets mails again. Raises Invalid."""
    known = _mac(services, scope, address)
    return await services.store.write(lambda tx: tx.mails.unsuppress(scope, known), short=True)


def _mac(services: Services, scope: Scope, address: str) -> str:
    return services.mail.mac(scope, ADDRESS, normalised(check_address(address)))
