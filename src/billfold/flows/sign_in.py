"""Signing in and staying signed in: password with a code, passkey, the demo's door; each ends in a session of its own.

All ways share one limit on guesses, which is asked before anything is compared, and answer alike whatever was wrong.
May not enter: cookies, the passkeys' wire format. Source: reference/reliability-security.md T23."""

from collections.abc import Callable
from dataclasses import dataclass

from billfold.domain import people
from billfold.domain.errors import Invalid, Unauthenticated
from billfold.domain.events import EventKind
from billfold.domain.ids import Environment
from billfold.domain.keys import Actor
from billfold.domain.people import DEMO_PERSON, OWNER, Person, Session
from billfold.flows.people import end_playground, record, totp_secret
from billfold.ports import Services, Tx

AGENT_LENGTH_MAX = 200
Proof = Callable[[Tx], bool]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody with a session. `token` is what the browser keeps; it is stored nowhere else. `proved`: lately."""

    person: Person
    session: Session
    token: str
    proved: bool

    def actor(self, environment: Environment) -> Actor:
        """Raises Forbidden where the person may not go."""
        return people.actor(self.person, environment, proved=self.proved)


async def by_password(services: Services, workspace: str, email: str, password: str, code: str, agent: str) -> SignedIn:
    """`code`: from the phone, or a recovery code. Raises Unauthenticated for whatever is wrong, and takes the same time for it."""
    try:
        address = people.normal_email(email)
    except Invalid:
        address = ""
    person = await services.store.read(lambda tx: tx.people.by_email(workspace, address)) if address else None
    stored = person.password if person and person.password else await _nobodys(services)
    good = await services.passwords.verify(stored, people.normal_password(password[: people.PASSWORD_LENGTH_MAX]))
    if person is None or not person.password or not good:
        raise Unauthenticated("unknown")
    now = services.clock.now_ms()
    step = people.totp_step(person, totp_secret(services, workspace, person.totp_salt), code, now)
    left = people.recovery_left(person, code) if step is None else None

    def prove(tx: Tx) -> bool:
        """Within the transaction that starts the session: of two who bring one code, one comes in."""
        if step is not None:
            return tx.people.use_step(person, step)
        return left is not None and tx.people.use_recovery(person, left)

    return await begin(services, person, agent, prove, "password")


_hashes: dict[int, str] = {}


async def _nobodys(services: Services) -> str:
    """A hash that no password fits, so that an unknown address costs what a known one does."""
    if not _hashes:
        _hashes[0] = await services.passwords.hash(services.entropy.bytes(32).hex())
    return _hashes[0]


async def by_passkey(services: Services, person: Person, passkey_id: str, sign_count: int, challenge: str, agent: str) -> SignedIn:
    """After the signature was verified over `challenge`. Raises Unauthenticated."""
    prove = passkey_proof(services, person, passkey_id, sign_count, challenge)
    return await begin(services, person, agent, prove, "passkey")


def passkey_proof(services: Services, person: Person, passkey_id: str, sign_count: int, challenge: str) -> Proof:
    """Within a transaction: the passkey is still this person's, and `challenge` was not answered before."""
    now, workspace = services.clock.now_ms(), person.workspace

    def prove(tx: Tx) -> bool:
        passkey = tx.people.passkey(workspace, passkey_id)
        if passkey is None or passkey.person_id != person.id:
            return False
        if not tx.people.spend(workspace, people.digest(challenge), now + people.CEREMONY_MS):
            return False
        tx.people.use_passkey(passkey, sign_count, now)
        return True

    return prove


async def after_joining(services: Services, person: Person, agent: str) -> SignedIn:
    return await begin(services, person, agent, lambda tx: True, "invitation")


async def by_demo_door(services: Services, workspace: str, agent: str) -> SignedIn | None:
    """The demo workspace, test environment alone, while it has no owner. The edge has made sure that the caller sits at this
    machine. None when the door is shut."""
    person = Person(workspace, DEMO_PERSON, "", "Demo", OWNER, services.clock.now_ms())

    def let_in(tx: Tx) -> bool:
        if any(one.role == OWNER and one.id != DEMO_PERSON for one in tx.people.all(workspace)):
            return False
        tx.people.add(person)
        return True

    try:
        return await begin(services, person, agent, let_in, "demo")
    except Unauthenticated:
        return None


async def begin(services: Services, person: Person, agent: str, prove: Proof, way: str) -> SignedIn:
    """A session with a token of its own. Raises Unauthenticated when the proof does not hold at the moment of writing."""
    now, workspace = services.clock.now_ms(), person.workspace
    token = people.token(workspace, services.entropy.bytes(people.TOKEN_BYTES))
    session = Session(workspace, people.digest(token), person.id, agent[:AGENT_LENGTH_MAX], now, now, now)

    def transaction(tx: Tx) -> bool:
        if not prove(tx) or tx.people.find(workspace, person.id) is None:
            return False
        tx.people.forget_old(workspace, now)
        tx.people.add_session(session)
        tx.people.note_sign_in(workspace, person.id, now)
        if way != "demo":
            record(services, tx, workspace, EventKind.PERSON_SIGNED_IN, person.id, f"person:{person.id}", way=way)
        return True

    if not await services.store.write(transaction):
        raise Unauthenticated("unknown")
    return SignedIn(person, session, token, proved=True)


async def resume(services: Services, token: str) -> SignedIn:
    """Whoever holds the token of a session that is alive. A role that changed and a session that was ended count at once. Raises
    Unauthenticated."""
    workspace = people.workspace_of(token)
    if workspace is None:
        raise Unauthenticated("malformed")
    now = services.clock.now_ms()

    def look(tx: Tx) -> tuple[Session | None, Person | None]:
        session = tx.people.session(workspace, people.digest(token))
        return session, tx.people.find(workspace, session.person_id) if session else None

    session, person = await services.store.read(look)
    if session is None or person is None or not session.alive(now):
        raise Unauthenticated("expired")
    if session.seen_at_ms < now - people.SEEN_AGAIN_MS:
        await services.store.write(lambda tx: tx.people.see(session, now), short=True)
    return SignedIn(person, session, token, session.proved(now))


async def sign_out(services: Services, signed_in: SignedIn) -> None:
    session, now = signed_in.session, services.clock.now_ms()

    def transaction(tx: Tx) -> None:
        tx.people.end_sessions(session.workspace, session.person_id, session.id)
        end_playground(tx, session.workspace, session.person_id, session.id, now)

    await services.store.write(transaction)
