"""The part of ports.py that is about people, their sessions and invitations. All of it belongs to a workspace as a whole.

May not enter: any adapter, decisions (domain/people.py)."""

from typing import Protocol

from billfold.domain.events import Event
from billfold.domain.ids import Scope
from billfold.domain.people import Invitation, Passkey, Person, Session


class People(Protocol):
    def add(self, person: Person) -> bool:
        """False when the workspace has one with that address."""

    def find(self, workspace: str, person_id: str) -> Person | None: ...
    def by_email(self, workspace: str, email: str) -> Person | None: ...
    def all(self, workspace: str) -> list[Person]: ...
    def hold(self, workspace: str) -> None:
        """Until commit nobody else changes who owns the workspace."""

    def set_role(self, workspace: str, person_id: str, role: str) -> bool: ...
    def remove(self, workspace: str, person_id: str) -> bool:
        """With passkeys and sessions."""

    def set_password(self, person: Person) -> None:
        """Password, salt of the code, recovery codes: all of them, as `person` has them."""

    def use_step(self, person: Person, step: int) -> bool:
        """False when this code or a later one was accepted meanwhile. Atomic."""

    def use_recovery(self, person: Person, left: tuple[str, ...]) -> bool:
        """False when somebody used a code meanwhile. Atomic."""

    def note_sign_in(self, workspace: str, person_id: str, at_ms: int) -> None: ...
    def add_passkey(self, passkey: Passkey) -> bool:
        """False when it is known already."""

    def passkey(self, workspace: str, passkey_id: str) -> Passkey | None: ...
    def passkeys(self, workspace: str, person_id: str) -> list[Passkey]: ...
    def use_passkey(self, passkey: Passkey, sign_count: int, at_ms: int) -> None: ...
    def drop_passkeys(self, workspace: str, person_id: str, passkey_id: str | None = None) -> int:
        """One, or all of that person."""

    def add_session(self, session: Session) -> None: ...
    def session(self, workspace: str, session_id: str) -> Session | None: ...
    def sessions(self, workspace: str) -> list[Session]: ...
    def see(self, session: Session, at_ms: int) -> None: ...
    def prove(self, session: Session, at_ms: int) -> bool:
        """The person has proved who they are, in this session. False when it has ended."""

    def end_sessions(self, workspace: str, person_id: str, session_id: str | None = None) -> int:
        """One, or all of that person."""

    def add_invitation(self, invitation: Invitation) -> None: ...
    def invitation(self, workspace: str, invitation_id: str) -> Invitation | None: ...
    def invitations(self, workspace: str) -> list[Invitation]: ...
    def use_invitation(self, workspace: str, invitation_id: str) -> bool:
        """False when it was used or taken back. Atomic."""

    def spend(self, workspace: str, id: str, until_ms: int) -> bool:
        """False when it was spent before. Atomic."""

    def forget_old(self, workspace: str, now_ms: int) -> None:
        """Sessions, invitations and what was spent, whose time is up."""


class Overview(Protocol):
    """Figures, each bounded in what it reads."""

    def used(self, scope: Scope) -> dict[str, int]:
        """Over all months: issued, updated."""

    def installed(self, scope: Scope) -> tuple[int, int]:
        """(registrations of Apple devices, Google objects that somebody holds)."""

    def newest(self, scope: Scope, limit: int) -> list[Event]:
        """Newest first."""


class Crew(Protocol):
    """What a transaction has of people."""

    people: People
    overview: Overview


class Macs(Protocol):
    def mac(self, purpose: str, workspace: str, message: str) -> bytes:
        """32 bytes that nobody without the key can make, for one purpose in one workspace."""


class Passwords(Protocol):
    """Argon2, in threads."""

    async def hash(self, password: str, /) -> str: ...
    async def verify(self, password_hash: str, password: str, /) -> bool: ...
