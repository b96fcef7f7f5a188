"""What people do about their own secrets: prove again who they are, a new password, another phone, passkeys; and the operator's
link for somebody who has lost all of them. Whatever changes the password ends every session.

May not enter: cookies, forms, SQL, passkeys' wire format. Source: reference/reliability-security.md T23; OWASP ASVS 5.0 V7.4."""

from dataclasses import replace

from billfold.domain import people
from billfold.domain.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound, Unauthenticated
from billfold.domain.events import EventKind
from billfold.domain.keys import Actor, require_proof
from billfold.domain.people import DEMO_PERSON, Invitation, Person
from billfold.flows import sign_in
from billfold.flows.people import Joined, Secret, end_playground, passkey_of, proved_secret, record, recovery_hashes, totp_secret
from billfold.flows.sign_in import SignedIn
from billfold.ports import Services, Tx

LAST_SECRET = "last_secret"
WRONG_PASSWORD = FieldProblem("present", "wrong_password", "this is not your present password", "type the one you sign in with")


def may_change_secrets(actor: Actor) -> None:
    """Who came by the demo's door is nobody in particular: a secret of theirs would open it from elsewhere. Raises Forbidden,
    ProofNeeded."""
    if actor.person_id == DEMO_PERSON:
        raise Forbidden("account")
    require_proof(actor)


async def prove_by_typing(services: Services, signed_in: SignedIn, typed: str) -> SignedIn:
    """`typed`: the password, or the code that the phone shows now, which is good once. Raises Unauthenticated."""
    person, now = signed_in.person, services.clock.now_ms()
    secret = totp_secret(services, person.workspace, person.totp_salt)
    step = people.totp_step(person, secret, typed, now) if person.totp_salt else None
    if step is None and not await _is_password(services, person, typed):
        raise Unauthenticated("unknown")
    return await _proved(services, signed_in, now, lambda tx: step is None or tx.people.use_step(person, step))


async def prove_by_passkey(services: Services, signed_in: SignedIn, passkey_id: str, sign_count: int, challenge: str) -> SignedIn:
    """After the signature was verified over `challenge`. Raises Unauthenticated."""
    prove = sign_in.passkey_proof(services, signed_in.person, passkey_id, sign_count, challenge)
    return await _proved(services, signed_in, services.clock.now_ms(), prove)


async def _proved(services: Services, signed_in: SignedIn, now: int, prove: sign_in.Proof) -> SignedIn:
    session = signed_in.session
    if not await services.store.write(lambda tx: prove(tx) and tx.people.prove(session, now)):
        raise Unauthenticated("unknown")
    return replace(signed_in, session=replace(session, proved_at_ms=now), proved=True)


async def _is_password(services: Services, person: Person, typed: str) -> bool:
    """A person without a password has none that fits."""
    if not person.password:
        return False
    return await services.passwords.verify(person.password, people.normal_password(typed[: people.PASSWORD_LENGTH_MAX]))


async def change_password(services: Services, signed_in: SignedIn, present: str, new: str) -> SignedIn:
    """The code's secret stays. Every session ends; the answer is a new one for who asked. Raises Invalid, Unauthenticated."""
    person = signed_in.person
    if not await _is_password(services, person, present):
        raise Invalid(WRONG_PASSWORD)
    hashed = await services.passwords.hash(people.new_password(new, person.email))

    def change(tx: Tx) -> bool:
        held = tx.people.find(person.workspace, person.id)
        if held is None or held.password != person.password:  # changed meanwhile, by somebody else
            return False
        tx.people.set_password(replace(held, password=hashed))
        _start_anew(services, tx, person, f"person:{person.id}", "password")
        return True

    return await sign_in.begin(services, person, signed_in.session.agent, change, "password")


async def set_secret(services: Services, signed_in: SignedIn, actor: Actor, secret: Secret) -> tuple[SignedIn, tuple[str, ...]]:
    """A first password with a code, or both anew for another phone; passkeys stay. Every session ends. (The new session, recovery
    codes.) Raises ProofNeeded, Invalid."""
    may_change_secrets(actor)
    person = signed_in.person
    blank = await proved_secret(services, person.workspace, person.email, secret)
    codes = people.recovery_codes(services.entropy.bytes(10 * people.RECOVERY_CODES))

    def change(tx: Tx) -> bool:
        tx.people.set_password(replace(blank, id=person.id, recovery=recovery_hashes(codes)))
        _start_anew(services, tx, person, actor.principal, "password")
        return True

    return await sign_in.begin(services, person, signed_in.session.agent, change, "password"), codes


async def add_passkey(services: Services, actor: Actor, person: Person, secret: Secret) -> None:
    """Raises ProofNeeded; Conflict when it is known already."""
    may_change_secrets(actor)

    def transaction(tx: Tx) -> None:
        if not tx.people.add_passkey(passkey_of(person, secret, services.clock.now_ms())):
            raise Conflict("passkey_exists", "this passkey is known already")
        record(services, tx, person.workspace, EventKind.PERSON_CHANGED, person.id, actor.principal, what="passkey")

    await services.store.write(transaction)


async def remove_passkey(services: Services, actor: Actor, person: Person, passkey_id: str) -> None:
    """Nobody loses their only way in by it. Raises ProofNeeded, NotFound, Conflict."""
    may_change_secrets(actor)
    workspace = person.workspace

    def transaction(tx: Tx) -> None:
        tx.people.hold(workspace)
        held, known = tx.people.find(workspace, person.id), tx.people.passkeys(workspace, person.id)
        if held is None or passkey_id not in [one.id for one in known]:
            raise NotFound("passkey")
        if len(known) == 1 and not held.password:
            raise Conflict(LAST_SECRET, "this passkey is your only way in; add another one or a password first")
        tx.people.drop_passkeys(workspace, person.id, passkey_id)
        record(services, tx, workspace, EventKind.PERSON_CHANGED, person.id, actor.principal, what="passkey")

    await services.store.write(transaction)


async def recovery_link(services: Services, workspace: str, email: str) -> str:
    """The token of a link that lets a person in with secrets of their own choice, once; the ones that they have work until it is
    used, and a link that was made before ends. For who operates the machine. Raises NotFound, Invalid."""
    address, now = people.normal_email(email), services.clock.now_ms()
    token = people.token(workspace, services.entropy.bytes(people.TOKEN_BYTES))

    def transaction(tx: Tx) -> None:
        person = tx.people.by_email(workspace, address)
        if person is None:
            raise NotFound("person")
        for one in tx.people.invitations(workspace):
            if one.person_id == person.id:
                tx.people.use_invitation(workspace, one.id)
        until = now + people.RECOVERY_MS
        tx.people.add_invitation(Invitation(workspace, people.digest(token), person.role, address, "", until, person.id))
        record(services, tx, workspace, EventKind.PERSON_INVITED, person.id, "operator", role=person.role)

    await services.store.write(transaction)
    return token


async def recover(services: Services, invitation: Invitation, secret: Secret) -> Joined:
    """Uses such a link up: all that the person had before ends, sessions too. Raises NotFound, Invalid, Conflict."""
    workspace = invitation.workspace
    proved = await proved_secret(services, workspace, invitation.email, secret)
    codes = people.recovery_codes(services.entropy.bytes(10 * people.RECOVERY_CODES)) if proved.password else ()

    def transaction(tx: Tx) -> Person:
        person = tx.people.find(workspace, invitation.person_id)
        if not tx.people.use_invitation(workspace, invitation.id) or person is None:
            raise NotFound("invitation")
        tx.people.drop_passkeys(workspace, person.id)
        tx.people.set_password(replace(proved, id=person.id, recovery=recovery_hashes(codes)))
        if secret.passkey_id and not tx.people.add_passkey(passkey_of(person, secret, services.clock.now_ms())):
            raise Conflict("passkey_exists", "this passkey is somebody's already")
        _start_anew(services, tx, person, "operator", "recovery")
        return person

    return Joined(await services.store.write(transaction), codes)


def _start_anew(services: Services, tx: Tx, person: Person, cause: str, what: str) -> None:
    """Whoever is in by an old secret is out."""
    tx.people.end_sessions(person.workspace, person.id)
    end_playground(tx, person.workspace, person.id, None, services.clock.now_ms())
    record(services, tx, person.workspace, EventKind.PERSON_CHANGED, person.id, cause, what=what)
