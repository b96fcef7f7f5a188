"""The key of the Playground: for a person who is signed in, short-lived, of the test environment alone, and never more than the
person may. It ends with the session (flows/people.py), when the role changes, or by itself.

May not enter: HTTP, live data."""

from billfold.domain.ids import Environment
from billfold.domain.keys import SCOPES
from billfold.domain.people import playground_key_name
from billfold.flows import keys
from billfold.flows.keys import NewKey
from billfold.flows.sign_in import SignedIn
from billfold.ports import Services

KEY_LASTS_MS = 15 * 60_000


async def lend_key(services: Services, signed_in: SignedIn) -> NewKey:
    """Raises Forbidden."""
    actor = signed_in.actor(Environment.TEST)
    until = services.clock.now_ms() + KEY_LASTS_MS
    name = playground_key_name(signed_in.person.id, signed_in.session.id)
    return await keys.mint(services, actor.scope, name, actor.scopes & SCOPES.keys(), until, actor.principal)
