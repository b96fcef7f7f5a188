"""Make workspaces. May not enter: credentials (they are imported or, for the sandbox, issued by bootstrap)."""

from billfold.domain import keys
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.domain.keys import AccessKey
from billfold.ports import Services, Tx, Workspace


async def ensure(services: Services, workspace: Workspace) -> None:
    """Makes the workspace unless it is there."""

    def transaction(tx: Tx) -> None:
        if tx.workspaces.find(workspace.id) is None:
            tx.workspaces.add(workspace)

    await services.store.write(transaction)


async def ensure_key(services: Services, scope: Scope, name: str, entropy: bytes) -> str | None:
    """The key that `entropy` (33 secret bytes, the same at each start) stands for, so that a demo can show its key again though it
    is stored as a hash only. None when somebody revoked it."""
    key_id, text = keys.mint(scope, entropy)
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> str | None:
        known = tx.keys.find(scope, key_id)
        if known is None:
            tx.keys.add(AccessKey(key_id, scope, name, frozenset(keys.SCOPES), keys.digest(text), now))
            tx.events.append(Event(services.entropy.event_id(), scope, now, EventKind.KEY_CREATED, key_id, cause="first start"))
        elif known.revoked_at_ms is not None:
            return None
        return text

    return await services.store.write(transaction)
