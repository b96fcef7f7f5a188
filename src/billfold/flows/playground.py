"""The key of the Playground, and ids that its examples work with. The key is for a person who is signed in, short-lived, of the
test environment alone, and never more than the person may. It ends with the session (flows/people.py), when the role changes, or
by itself.

May not enter: HTTP, live data."""

from billfold.domain.ids import Environment
from billfold.domain.keys import SCOPES
from billfold.domain.loyalty import ProgrammeKind
from billfold.domain.people import playground_key_name
from billfold.flows import keys
from billfold.flows.keys import NewKey
from billfold.flows.sign_in import SignedIn
from billfold.ports import Services, Tx

KEY_LASTS_MS = 15 * 60_000
LOOKED_AT = 20
"""Programmes among which one for an example is looked for."""


async def lend_key(services: Services, signed_in: SignedIn) -> NewKey:
    """Raises Forbidden."""
    actor = signed_in.actor(Environment.TEST)
    until = services.clock.now_ms() + KEY_LASTS_MS
    name = playground_key_name(signed_in.person.id, signed_in.session.id)
    return await keys.mint(services, actor.scope, name, actor.scopes & SCOPES.keys(), until, actor.principal)


async def coupon(services: Services, signed_in: SignedIn) -> dict[str, str]:
    """`brand_id` and `coupon_id` of a coupon that can be issued by its id alone, as source S2's requests do: its template asks
    callers for nothing. {} where there is none."""
    scope = signed_in.actor(Environment.TEST).scope

    def read(tx: Tx) -> dict[str, str]:
        for one in tx.programmes.list(scope, None, LOOKED_AT):
            template = tx.templates.find(scope, one.template_id) if one.kind is ProgrammeKind.COUPON else None
            if template and not any(rule.required and rule.default is None for rule in template.rules.schema):
                return {"brand_id": one.brand_id, "coupon_id": one.id}
        return {}

    return await services.store.read(read)
