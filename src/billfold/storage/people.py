"""People, passkeys, sessions and invitations of a workspace: tokens stand here as digests. May not enter: who may do what."""

from sqlalchemy import ColumnElement, Table, and_, delete, insert, select, update

from billfold.domain.people import ABSOLUTE_MS, IDLE_MS, Invitation, Passkey, Person, Session
from billfold.storage.schema import invitation, passkey, person, person_session, person_spent, workspace
from billfold.storage.statements import Row, Statement, number, string, upsert
from billfold.storage.statements import Session as Database

_HERE = string("workspace")


def _mine(table: Table, *columns: str) -> ColumnElement[bool]:
    """`workspace` and each of the columns as parameters of their names."""
    return and_(table.c.workspace == _HERE, *(table.c[name] == string(name) for name in columns))


ADD = upsert(person, ("workspace", "email"), lambda new: {}, person.c.id)
FIND = Statement(select(person).where(_mine(person, "id")))
BY_EMAIL = Statement(select(person).where(_mine(person, "email")))
LIST = Statement(select(person).where(person.c.workspace == _HERE).order_by(person.c.created_at_ms, person.c.id))
HOLD = Statement(update(workspace).where(workspace.c.id == _HERE).values(name=workspace.c.name))
SET_ROLE = Statement(update(person).where(_mine(person, "id")).values(role=string("new_role")))
REMOVE = Statement(delete(person).where(_mine(person, "id")))
SET_PASSWORD = Statement(
    update(person)
    .where(_mine(person, "id"))
    .values(
        password=string("new_password"), totp_salt=string("new_salt"), totp_step=number("new_step"), recovery=string("new_recovery")
    )
)
USE_STEP = Statement(
    update(person).where(_mine(person, "id"), person.c.totp_step < number("step")).values(totp_step=number("step"))
)
USE_RECOVERY = Statement(
    update(person).where(_mine(person, "id"), person.c.recovery == string("before")).values(recovery=string("left"))
)
NOTE = Statement(update(person).where(_mine(person, "id")).values(signed_in_at_ms=number("at_ms")))

ADD_PASSKEY = upsert(passkey, ("workspace", "id"), lambda new: {}, passkey.c.id)
PASSKEY = Statement(select(passkey).where(_mine(passkey, "id")))
PASSKEYS = Statement(select(passkey).where(_mine(passkey, "person_id")).order_by(passkey.c.created_at_ms))
USE_PASSKEY = Statement(
    update(passkey).where(_mine(passkey, "id")).values(sign_count=number("new_count"), used_at_ms=number("at_ms"))
)
DROP_PASSKEY = Statement(delete(passkey).where(_mine(passkey, "person_id", "id")))
DROP_PASSKEYS = Statement(delete(passkey).where(_mine(passkey, "person_id")))

ADD_SESSION = Statement(insert(person_session).inline())
SESSION = Statement(select(person_session).where(_mine(person_session, "id")))
SESSIONS = Statement(
    select(person_session).where(person_session.c.workspace == _HERE).order_by(person_session.c.seen_at_ms.desc()).limit(500)
)
SEE = Statement(update(person_session).where(_mine(person_session, "id")).values(seen_at_ms=number("at_ms")))
PROVE = Statement(update(person_session).where(_mine(person_session, "id")).values(proved_at_ms=number("at_ms")))
END = Statement(delete(person_session).where(_mine(person_session, "person_id", "id")))
END_ALL = Statement(delete(person_session).where(_mine(person_session, "person_id")))
FORGET_SESSIONS = Statement(
    delete(person_session).where(
        person_session.c.workspace == _HERE,
        (person_session.c.seen_at_ms <= number("idle")) | (person_session.c.created_at_ms <= number("absolute")),
    )
)

ADD_INVITATION = Statement(insert(invitation).inline())
INVITATION = Statement(select(invitation).where(_mine(invitation, "id")))
INVITATIONS = Statement(select(invitation).where(invitation.c.workspace == _HERE).order_by(invitation.c.expires_at_ms))
USE_INVITATION = Statement(delete(invitation).where(_mine(invitation, "id")))
FORGET_INVITATIONS = Statement(
    delete(invitation).where(invitation.c.workspace == _HERE, invitation.c.expires_at_ms <= number("now"))
)

SPEND = upsert(person_spent, ("workspace", "id"), lambda new: {}, person_spent.c.id)
FORGET_SPENT = Statement(delete(person_spent).where(person_spent.c.workspace == _HERE, person_spent.c.until_ms <= number("now")))


class PeopleRows:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, person: Person) -> bool:
        return bool(
            self._db.run(
                ADD,
                workspace=person.workspace,
                id=person.id,
                email=person.email,
                name=person.name,
                role=person.role,
                created_at_ms=person.created_at_ms,
                password=person.password,
                totp_salt=person.totp_salt,
                totp_step=person.totp_step,
                recovery=" ".join(person.recovery),
                signed_in_at_ms=person.signed_in_at_ms,
            )
        )

    def find(self, workspace: str, person_id: str) -> Person | None:
        return _person(self._db.one(FIND, workspace=workspace, id=person_id))

    def by_email(self, workspace: str, email: str) -> Person | None:
        return _person(self._db.one(BY_EMAIL, workspace=workspace, email=email))

    def all(self, workspace: str) -> list[Person]:
        return [one for row in self._db.run(LIST, workspace=workspace) if (one := _person(row))]

    def hold(self, workspace: str) -> None:
        self._db.count(HOLD, workspace=workspace)

    def set_role(self, workspace: str, person_id: str, role: str) -> bool:
        return self._db.count(SET_ROLE, workspace=workspace, id=person_id, new_role=role) > 0

    def remove(self, workspace: str, person_id: str) -> bool:
        self.end_sessions(workspace, person_id)
        self.drop_passkeys(workspace, person_id)
        return self._db.count(REMOVE, workspace=workspace, id=person_id) > 0

    def set_password(self, person: Person) -> None:
        self._db.count(
            SET_PASSWORD,
            workspace=person.workspace,
            id=person.id,
            new_password=person.password,
            new_salt=person.totp_salt,
            new_step=person.totp_step,
            new_recovery=" ".join(person.recovery),
        )

    def use_step(self, person: Person, step: int) -> bool:
        return self._db.count(USE_STEP, workspace=person.workspace, id=person.id, step=step) > 0

    def use_recovery(self, person: Person, left: tuple[str, ...]) -> bool:
        before, after = " ".join(person.recovery), " ".join(left)
        return self._db.count(USE_RECOVERY, workspace=person.workspace, id=person.id, before=before, left=after) > 0

    def note_sign_in(self, workspace: str, person_id: str, at_ms: int) -> None:
        self._db.count(NOTE, workspace=workspace, id=person_id, at_ms=at_ms)

    def add_passkey(self, passkey: Passkey) -> bool:
        return bool(
            self._db.run(
                ADD_PASSKEY,
                workspace=passkey.workspace,
                id=passkey.id,
                person_id=passkey.person_id,
                public_key=passkey.public_key,
                sign_count=passkey.sign_count,
                created_at_ms=passkey.created_at_ms,
                used_at_ms=passkey.used_at_ms,
            )
        )

    def passkey(self, workspace: str, passkey_id: str) -> Passkey | None:
        row = self._db.one(PASSKEY, workspace=workspace, id=passkey_id)
        return Passkey(*row) if row else None

    def passkeys(self, workspace: str, person_id: str) -> list[Passkey]:
        return [Passkey(*row) for row in self._db.run(PASSKEYS, workspace=workspace, person_id=person_id)]

    def use_passkey(self, passkey: Passkey, sign_count: int, at_ms: int) -> None:
        self._db.count(USE_PASSKEY, workspace=passkey.workspace, id=passkey.id, new_count=sign_count, at_ms=at_ms)

    def drop_passkeys(self, workspace: str, person_id: str, passkey_id: str | None = None) -> int:
        if passkey_id is None:
            return self._db.count(DROP_PASSKEYS, workspace=workspace, person_id=person_id)
        return self._db.count(DROP_PASSKEY, workspace=workspace, person_id=person_id, id=passkey_id)

    def add_session(self, session: Session) -> None:
        self._db.run(
            ADD_SESSION,
            workspace=session.workspace,
            id=session.id,
            person_id=session.person_id,
            agent=session.agent,
            created_at_ms=session.created_at_ms,
            seen_at_ms=session.seen_at_ms,
            proved_at_ms=session.proved_at_ms,
        )

    def session(self, workspace: str, session_id: str) -> Session | None:
        row = self._db.one(SESSION, workspace=workspace, id=session_id)
        return Session(*row) if row else None

    def sessions(self, workspace: str) -> list[Session]:
        return [Session(*row) for row in self._db.run(SESSIONS, workspace=workspace)]

    def see(self, session: Session, at_ms: int) -> None:
        self._db.count(SEE, workspace=session.workspace, id=session.id, at_ms=at_ms)

    def prove(self, session: Session, at_ms: int) -> bool:
        return self._db.count(PROVE, workspace=session.workspace, id=session.id, at_ms=at_ms) > 0

    def end_sessions(self, workspace: str, person_id: str, session_id: str | None = None) -> int:
        if session_id is None:
            return self._db.count(END_ALL, workspace=workspace, person_id=person_id)
        return self._db.count(END, workspace=workspace, person_id=person_id, id=session_id)

    def add_invitation(self, invitation: Invitation) -> None:
        self._db.run(
            ADD_INVITATION,
            workspace=invitation.workspace,
            id=invitation.id,
            role=invitation.role,
            email=invitation.email,
            invited_by=invitation.invited_by,
            expires_at_ms=invitation.expires_at_ms,
            person_id=invitation.person_id,
        )

    def invitation(self, workspace: str, invitation_id: str) -> Invitation | None:
        row = self._db.one(INVITATION, workspace=workspace, id=invitation_id)
        return Invitation(*row) if row else None

    def invitations(self, workspace: str) -> list[Invitation]:
        return [Invitation(*row) for row in self._db.run(INVITATIONS, workspace=workspace)]

    def use_invitation(self, workspace: str, invitation_id: str) -> bool:
        return self._db.count(USE_INVITATION, workspace=workspace, id=invitation_id) > 0

    def spend(self, workspace: str, id: str, until_ms: int) -> bool:
        return bool(self._db.run(SPEND, workspace=workspace, id=id, until_ms=until_ms))

    def forget_old(self, workspace: str, now_ms: int) -> None:
        self._db.count(FORGET_SESSIONS, workspace=workspace, idle=now_ms - IDLE_MS, absolute=now_ms - ABSOLUTE_MS)
        self._db.count(FORGET_INVITATIONS, workspace=workspace, now=now_ms)
        self._db.count(FORGET_SPENT, workspace=workspace, now=now_ms)


def _person(row: Row | None) -> Person | None:
    if row is None:
        return None
    home, id_, email, name, role, created, password, salt, step, recovery, signed_in = row
    return Person(home, id_, email, name, role, created, password, salt, step, tuple(recovery.split()), signed_in)
