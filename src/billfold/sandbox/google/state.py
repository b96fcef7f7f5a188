"""What the stand-in remembers, in one SQLite file of its own: issuers, resources, switches. It survives a restart.

Rooms that keep their own tables (accounts, notices, saves, callbacks) read and write them through rows() and run() here.
May not enter: rules, HTTP, the clock."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import msgspec

from billfold.sandbox.google.values import JsonObject, as_object, from_text, to_text
from billfold.sandbox.google.verticals import ResourceType

OWNER, WRITER, READER = "OWNER", "WRITER", "READER"

_TABLES = """
create table if not exists meta (name text primary key, value text not null);
create table if not exists issuer (
  id text primary key, body text not null, allowlisted integer not null default 1, demo_mode integer not null default 0);
create table if not exists permission (
  issuer_id text not null, email text not null, role text not null, primary key (issuer_id, email));
create table if not exists account_key (
  email text not null, key_id text not null, public_key_pem text not null, primary key (email, key_id));
create table if not exists access_token (
  token text primary key, email text not null, scope text not null, expires_ms integer not null);
create table if not exists resource (
  seq integer primary key autoincrement, kind text not null, id text not null, vertical text not null, issuer_id text not null,
  class_id text not null, body text not null, unique (kind, id));
create index if not exists resource_by_class on resource (class_id, seq);
create table if not exists wallet_user (account text primary key, tester integer not null);
create table if not exists saved (
  object_id text not null, account text not null, at_ms integer not null, primary key (object_id, account));
create index if not exists saved_by_account on saved (account);
create table if not exists stash (token text primary key, entries text not null);
create table if not exists event (
  seq integer primary key autoincrement, account text not null, type text not null, object_id text not null, data text not null);
create index if not exists event_by_account on event (account, seq);
create table if not exists notice_count (kind text not null, id text not null, channel text not null, at_ms integer not null);
create index if not exists notice_count_by_id on notice_count (kind, id, channel, at_ms);
create table if not exists notification (
  seq integer primary key autoincrement, at_ms integer not null, cause text not null, kind text not null, id text not null,
  shown integer not null, accounts text not null, title text not null, text text not null, message text not null);
create table if not exists callback (
  seq integer primary key autoincrement, issuer_id text not null, url text not null, event_type text not null,
  class_id text not null, object_id text not null, nonce text not null, state text not null, attempts integer not null default 0,
  due_ms integer not null, last_error text not null default '');
create index if not exists callback_due on callback (state, due_ms);
create table if not exists fault (
  seq integer primary key autoincrement, status integer not null, remaining integer not null, method text not null,
  path text not null, delay_ms integer not null, after integer not null);
"""
_KEPT_BY_RESET = ("meta", "issuer", "permission", "account_key", "access_token", "wallet_user")


@dataclass(frozen=True)
class Settings:
    """The switches of the control API, with their defaults."""

    strict_review: bool = True  # a PATCH of an approved class must send reviewStatus
    requests_per_second: int = 20  # per issuer; 0 lifts the limit
    drop_oldest_message: bool = False  # what an 11th message does: drop the oldest, or answer 400
    old_enums: bool = False  # answer with the deprecated camelCase enum names
    kind_members: bool = False  # answer with `kind` members
    clock_offset_ms: int = 0
    callbacks_hold: bool = False  # keep callbacks back until this is off again
    callbacks_duplicate: int = 0  # so many of the next callbacks are sent twice
    callbacks_lose: int = 0  # so many of the next callbacks are never sent
    callbacks_delay_ms: int = 0
    callbacks_reverse: bool = False  # send what waits in reverse order


class Issuer(msgspec.Struct, frozen=True):
    id: str
    body: JsonObject
    allowlisted: bool
    demo_mode: bool


class Stored(msgspec.Struct, frozen=True):
    """A class or object as kept: `body` without what the platform adds in answers. `class_id` is empty for a class."""

    seq: int
    kind: str
    id: str
    vertical: str
    issuer_id: str
    class_id: str
    body: JsonObject


class GoogleState:
    """The file at `path`. Calls are short and synchronous; any thread may make them. close() ends its use."""

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=normal")
        with self._lock:
            self._db.executescript(_TABLES)
        self._settings = self._load_settings()
        if self.meta("users") is None:
            with self.transaction():
                self.run("insert or ignore into wallet_user values ('tester@example.com', 1), ('second.tester@example.com', 1)")
                self.run("insert or ignore into wallet_user values ('stranger@example.com', 0)")
                self.set_meta("users", "made")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. May be nested: an inner one that fails takes back its own part."""
        with self._lock:
            name = f"level_{self._depth}"
            self._db.execute("begin immediate" if self._depth == 0 else f"savepoint {name}")
            self._depth += 1
            try:
                yield
                self._db.execute("commit" if self._depth == 1 else f"release {name}")
            except BaseException:
                self._db.execute("rollback" if self._depth == 1 else f"rollback to {name}")
                self._settings = self._load_settings()
                raise
            finally:
                self._depth -= 1

    def rows(self, sql: str, *values: str | int) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def run(self, sql: str, *values: str | int) -> int:
        """Runs one statement; gives back how many rows it touched."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    # --- small things --------------------------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        found = self.rows("select value from meta where name = ?", name)
        return str(found[0]["value"]) if found else None

    def set_meta(self, name: str, value: str) -> None:
        self.run("insert or replace into meta values (?, ?)", name, value)

    @property
    def settings(self) -> Settings:
        return self._settings

    def change_settings(self, **changes: bool | int) -> Settings:
        """Raises TypeError for a name that Settings does not have."""
        with self.transaction():
            self._settings = replace(self._settings, **changes)  # type: ignore[arg-type]
            self.set_meta("settings", json.dumps(asdict(self._settings)))
        return self._settings

    def _load_settings(self) -> Settings:
        kept = as_object(json.loads(self.meta("settings") or "{}"))
        known = {each.name for each in fields(Settings)}
        return Settings(**{name: value for name, value in kept.items() if name in known})  # type: ignore[arg-type]

    def reset(self) -> None:
        """Forgets resources, saves, callbacks, logs, faults and all switches; keeps issuers, accounts, users and keys."""
        with self.transaction():
            for table in self.rows("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"):
                if table["name"] not in _KEPT_BY_RESET:
                    self.run(f"delete from {table['name']}")  # noqa: S608 (a name from our own schema)
            self.run("update issuer set allowlisted = 1, demo_mode = 0")
            self._settings = Settings()
            self.set_meta("settings", "{}")

    # --- issuers -------------------------------------------------------------------------------------------------------

    def issuer(self, issuer_id: str) -> Issuer | None:
        found = self.rows("select * from issuer where id = ?", issuer_id)
        if not found:
            return None
        row = found[0]
        return Issuer(issuer_id, from_text(row["body"]), bool(row["allowlisted"]), bool(row["demo_mode"]))

    def issuers_of(self, email: str) -> list[str]:
        return [row["issuer_id"] for row in self.rows("select issuer_id from permission where email = ? order by 1", email)]

    def put_issuer(self, issuer_id: str, body: JsonObject) -> None:
        self.run(
            "insert into issuer (id, body) values (?, ?) on conflict (id) do update set body = excluded.body",
            issuer_id,
            to_text(body),
        )

    def switch_issuer(self, issuer_id: str, *, allowlisted: bool | None = None, demo_mode: bool | None = None) -> None:
        if allowlisted is not None:
            self.run("update issuer set allowlisted = ? where id = ?", int(allowlisted), issuer_id)
        if demo_mode is not None:
            self.run("update issuer set demo_mode = ? where id = ?", int(demo_mode), issuer_id)

    def role(self, issuer_id: str, email: str) -> str | None:
        found = self.rows("select role from permission where issuer_id = ? and email = ?", issuer_id, email)
        return str(found[0]["role"]) if found else None

    def permissions(self, issuer_id: str) -> list[tuple[str, str]]:
        found = self.rows("select email, role from permission where issuer_id = ? order by rowid", issuer_id)
        return [(row["email"], row["role"]) for row in found]

    def set_permission(self, issuer_id: str, email: str, role: str) -> None:
        self.run("insert or replace into permission values (?, ?, ?)", issuer_id, email, role)

    def register_issuer(self, issuer_id: str, service_account_email: str, public_key_pem: str, key_id: str) -> None:
        """Makes `issuer_id` known, the account one of its owners, and the key (RSA, SubjectPublicKeyInfo) one of the account's.

        That is what the Wallet console and the cloud console do by hand."""
        with self.transaction():
            if self.issuer(issuer_id) is None:
                self.put_issuer(issuer_id, {"name": f"Issuer {issuer_id}"})
            self.set_permission(issuer_id, service_account_email, OWNER)
            self.run("insert or replace into account_key values (?, ?, ?)", service_account_email, key_id, public_key_pem)

    # --- resources -----------------------------------------------------------------------------------------------------

    def resource(self, kind: str, resource_id: str) -> Stored | None:
        found = self.rows("select * from resource where kind = ? and id = ?", kind, resource_id)
        return _stored(found[0]) if found else None

    def add_resource(self, kind: ResourceType, resource_id: str, issuer_id: str, class_id: str, body: JsonObject) -> Stored:
        ((seq,),) = self.rows(
            "insert into resource (kind, id, vertical, issuer_id, class_id, body) values (?, ?, ?, ?, ?, ?) returning seq",
            *(kind.kind, resource_id, kind.vertical, issuer_id, class_id, to_text(body)),
        )
        return Stored(seq, kind.kind, resource_id, kind.vertical, issuer_id, class_id, body)

    def put_resource(self, stored: Stored, class_id: str, body: JsonObject) -> Stored:
        """`stored` with another body, and perhaps of another class."""
        self.run("update resource set class_id = ?, body = ? where seq = ?", class_id, to_text(body), stored.seq)
        return msgspec.structs.replace(stored, class_id=class_id, body=body)

    def classes_of(self, issuer_id: str, vertical: str, after: int, limit: int) -> list[Stored]:
        sql = "select * from resource where kind = 'class' and issuer_id = ? and vertical = ? and seq > ? order by seq limit ?"
        return [_stored(row) for row in self.rows(sql, issuer_id, vertical, after, limit)]

    def objects_of(self, class_id: str, after: int, limit: int) -> list[Stored]:
        sql = "select * from resource where kind = 'object' and class_id = ? and seq > ? order by seq limit ?"
        return [_stored(row) for row in self.rows(sql, class_id, after, limit)]

    def holders(self, object_id: str) -> list[str]:
        found = self.rows("select account from saved where object_id = ? order by at_ms, account", object_id)
        return [row["account"] for row in found]

    def held_objects_of(self, class_id: str) -> list[tuple[str, str]]:
        """(object id, account) of every saved object of the class."""
        sql = """select s.object_id, s.account from saved s join resource r on r.kind = 'object' and r.id = s.object_id
                 where r.class_id = ? order by s.object_id, s.account"""
        return [(row["object_id"], row["account"]) for row in self.rows(sql, class_id)]


def _stored(row: sqlite3.Row) -> Stored:
    return Stored(row["seq"], row["kind"], row["id"], row["vertical"], row["issuer_id"], row["class_id"], from_text(row["body"]))
