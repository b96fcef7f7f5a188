"""Who belongs to a workspace: invite, join, change a role, remove, end sessions. Signing in is flows/sign_in.py's, people's own
secrets are flows/accounts.py's.

May not enter: cookies, forms, SQL."""

from dataclasses import dataclass, replace

from billfold.domain import people
from billfold.domain.errors import Conflict, FieldProblem, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Environment, Scope
from billfold.domain.keys import ROLES, Actor, authorize
from billfold.domain.people import DEMO_PERSON, OWNER, Invitation, Passkey, Person, Session
from billfold.ports import Services, Tx

LAST_OWNER = "last_owner"


@dataclass(frozen=True, slots=True)
class Secret:
    """What a person proves themselves by: a password with a code from their phone, or a passkey that the browser made."""

    password: str = ""
    totp_salt: str = ""
    code: str = ""
    passkey_id: str = ""
    passkey_key: str = ""
    passkey_count: int = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """`recovery_codes` are shown this once; there are none with a passkey alone."""

    person: Person
    recovery_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Crew:
    """Everybody of a workspace, with open sessions and invitations."""

    people: list[Person]
    sessions: list[Session]
    invitations: list[Invitation]


def record(services: Services, tx: Tx, workspace: str, kind: EventKind, subject: str, cause: str, **data: str) -> None:
    """People belong to both environments; what they do among themselves stands in the live one's stream."""
    scope = Scope(workspace, Environment.LIVE)
    event = Event(services.entropy.event_id(), scope, services.clock.now_ms(), kind, subject, cause=cause, data=dict(data))
    tx.events.append(event)


async def crew(services: Services, actor: Actor) -> Crew:
    authorize(actor, "people.list")
    workspace, now = actor.scope.workspace, services.clock.now_ms()

    def look(tx: Tx) -> Crew:
        everybody = [one for one in tx.people.all(workspace) if one.id != DEMO_PERSON]
        sessions = [one for one in tx.people.sessions(workspace) if one.alive(now)]
        return Crew(everybody, sessions, [one for one in tx.people.invitations(workspace) if one.expires_at_ms > now])

    return await services.store.read(look)


async def invite(services: Services, actor: Actor, email: str, role: str) -> str:
    """The token of a link that makes one person with that role, once. Raises Forbidden, Invalid."""
    authorize(actor, "people.invite")
    role = people.check_role(role, actor.scopes)
    return await _invite(services, actor.scope.workspace, people.normal_email(email), role, actor.person_id or actor.key_id)


async def first_owner(services: Services, workspace: str) -> str | None:
    """The token of the link that makes the owner; None when there is one. Any link that was shown before ends."""
    everybody = await services.store.read(lambda tx: tx.people.all(workspace))
    if any(one.role == OWNER and one.id != DEMO_PERSON for one in everybody):
        return None

    def withdraw(tx: Tx) -> None:
        for one in tx.people.invitations(workspace):
            if not one.invited_by and not one.person_id:
                tx.people.use_invitation(workspace, one.id)

    await services.store.write(withdraw)
    return await _invite(services, workspace, "", OWNER, "")


async def _invite(services: Services, workspace: str, email: str, role: str, invited_by: str) -> str:
    token = people.token(workspace, services.entropy.bytes(people.TOKEN_BYTES))
    now = services.clock.now_ms()
    invitation = Invitation(workspace, people.digest(token), role, email, invited_by, now + people.INVITATION_MS)

    def transaction(tx: Tx) -> None:
        tx.people.forget_old(workspace, now)
        tx.people.add_invitation(invitation)
        cause = f"person:{invited_by}" if invited_by else "first start"
        record(services, tx, workspace, EventKind.PERSON_INVITED, invitation.id[:16], cause, role=role)

    await services.store.write(transaction)
    return token


async def open_invitation(services: Services, token: str) -> Invitation:
    """Looks and uses nothing up. Raises NotFound."""
    workspace = people.workspace_of(token)
    if workspace is None:
        raise NotFound("invitation")
    return await services.store.read(lambda tx: _valid(services, tx, workspace, token))


def _valid(services: Services, tx: Tx, workspace: str, token: str) -> Invitation:
    """What an invitation grants is judged when it is used: the inviter may have lost their own role since."""
    found = tx.people.invitation(workspace, people.digest(token))
    if found is None or found.expires_at_ms <= services.clock.now_ms():
        raise NotFound("invitation")
    if found.person_id and tx.people.find(workspace, found.person_id) is None:
        raise NotFound("invitation")
    if found.invited_by:
        inviter = tx.people.find(workspace, found.invited_by)
        if inviter is None or not ROLES[found.role] <= ROLES.get(inviter.role, frozenset()):
            raise NotFound("invitation")
    return found


def totp_secret(services: Services, workspace: str, salt: str) -> bytes:
    """Derived and stored nowhere, as the secrets of rotating codes are. 20 bytes."""
    return services.secrets.mac("person-totp", workspace, salt)[:20]


async def proved_secret(services: Services, workspace: str, email: str, secret: Secret) -> Person:
    """A person without a name yet, whose secret works. Raises Invalid."""
    blank = Person(workspace, "", email, "", "", services.clock.now_ms())
    if secret.passkey_id:
        return blank
    password = people.new_password(secret.password, email)
    if not secret.totp_salt:
        raise Invalid(FieldProblem("code", "code_missing", "the code from your phone is missing", "scan the picture and type it"))
    step = people.totp_step(blank, totp_secret(services, workspace, secret.totp_salt), secret.code, blank.created_at_ms)
    if step is None:
        mend = "type the code that your phone shows now; its clock must be right"
        raise Invalid(FieldProblem("code", "wrong_code", "this is not the code of now", mend))
    return replace(blank, password=await services.passwords.hash(password), totp_salt=secret.totp_salt, totp_step=step)


async def join(services: Services, token: str, name: str, email: str, secret: Secret) -> Joined:
    """Makes the person that the link was for. Raises NotFound, Invalid, Conflict."""
    invitation = await open_invitation(services, token)
    if invitation.person_id:  # somebody who is here already: flows/accounts.py
        raise NotFound("invitation")
    workspace = invitation.workspace
    email = invitation.email or people.normal_email(email)
    proved = await proved_secret(services, workspace, email, secret)
    codes = people.recovery_codes(services.entropy.bytes(10 * people.RECOVERY_CODES)) if proved.password else ()
    person_id, now = people.person_id(services.entropy.bytes(7)), services.clock.now_ms()
    person = replace(proved, id=person_id, name=people.normal_name(name), role=invitation.role, recovery=recovery_hashes(codes))

    def transaction(tx: Tx) -> None:
        _valid(services, tx, workspace, token)
        if not tx.people.use_invitation(workspace, invitation.id):
            raise NotFound("invitation")
        if not tx.people.add(person):
            raise Conflict("person_exists", "somebody with this address is here already")
        if secret.passkey_id and not tx.people.add_passkey(passkey_of(person, secret, now)):
            raise Conflict("passkey_exists", "this passkey is somebody's already")
        if person.role == OWNER:  # the demo's door closes as soon as somebody has the key to the house
            tx.people.remove(workspace, DEMO_PERSON)
        record(services, tx, workspace, EventKind.PERSON_JOINED, person.id, f"person:{person.id}", role=person.role)

    await services.store.write(transaction)
    return Joined(person, codes)


def passkey_of(person: Person, secret: Secret, now: int) -> Passkey:
    return Passkey(person.workspace, secret.passkey_id, person.id, secret.passkey_key, secret.passkey_count, now)


def recovery_hashes(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(people.digest(people.normal_code(one)) for one in codes)


async def change_role(services: Services, actor: Actor, person_id: str, role: str) -> None:
    """Nobody gives or takes more than they hold; the last owner stays one. Raises Forbidden, Invalid, NotFound, Conflict."""
    authorize(actor, "people.change")
    role, now = people.check_role(role, actor.scopes), services.clock.now_ms()

    def transaction(tx: Tx) -> None:
        person = _held(tx, actor, person_id)
        if person.role == OWNER and role != OWNER:
            _another_owner(tx, person)
        tx.people.set_role(person.workspace, person.id, role)
        end_playground(tx, person.workspace, person.id, None, now)
        record(
            services, tx, person.workspace, EventKind.PERSON_CHANGED, person.id, actor.principal, what="role", role=role
        )  # fmt: skip

    await services.store.write(transaction)


async def remove(services: Services, actor: Actor, person_id: str) -> None:
    """With passkeys and sessions, at once. Raises Forbidden, NotFound, Conflict."""
    authorize(actor, "people.remove")
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> None:
        person = _held(tx, actor, person_id)
        if person.role == OWNER:
            _another_owner(tx, person)
        tx.people.remove(person.workspace, person.id)
        end_playground(tx, person.workspace, person.id, None, now)
        record(services, tx, person.workspace, EventKind.PERSON_REMOVED, person.id, actor.principal)

    await services.store.write(transaction)


async def withdraw(services: Services, actor: Actor, invitation_id: str) -> None:
    """Raises NotFound, Forbidden."""
    authorize(actor, "people.invite")
    workspace = actor.scope.workspace
    if not await services.store.write(lambda tx: tx.people.use_invitation(workspace, invitation_id)):
        raise NotFound("invitation")


async def end_sessions(services: Services, actor: Actor, person_id: str, session_id: str | None = None) -> None:
    """One's own, or anybody's with the right to. Raises Forbidden, NotFound."""
    if person_id != actor.person_id:
        authorize(actor, "people.end_sessions")
    workspace, now = actor.scope.workspace, services.clock.now_ms()

    def transaction(tx: Tx) -> None:
        if not tx.people.end_sessions(workspace, person_id, session_id) and session_id:
            raise NotFound("session")
        end_playground(tx, workspace, person_id, session_id, now)
        record(services, tx, workspace, EventKind.SESSION_ENDED, person_id, actor.principal)

    await services.store.write(transaction)


def end_playground(tx: Tx, workspace: str, person_id: str, session_id: str | None, now_ms: int) -> None:
    """The keys that the Playground was lent in this session, or in all of the person's, are void from now on."""
    test, begin = Scope(workspace, Environment.TEST), people.playground_key_name(person_id, session_id)
    for key in tx.keys.list(test):
        if key.name.startswith(begin) and key.revoked_at_ms is None:
            tx.keys.revoke(test, key.id, now_ms)


def _held(tx: Tx, actor: Actor, person_id: str) -> Person:
    workspace = actor.scope.workspace
    tx.people.hold(workspace)
    person = tx.people.find(workspace, person_id)
    if person is None or person.id == DEMO_PERSON:
        raise NotFound("person")
    people.check_role(person.role, actor.scopes)  # who may more than the actor is not the actor's to change
    return person


def _another_owner(tx: Tx, person: Person) -> None:
    others = [one for one in tx.people.all(person.workspace) if one.role == OWNER and one.id not in (person.id, DEMO_PERSON)]
    if not others:
        raise Conflict(LAST_OWNER, "a workspace has at least one owner; make another one first")
