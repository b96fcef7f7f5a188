"""Which devices exist: push tokens given out, tokens retired, and the one push kept for a device that is offline.

A small SQLite file of the stand-in's own, read into memory at start, so that phones keep their tokens over a restart.
May not enter: the network. Time comes in as a parameter, in seconds since the epoch.
"""

import secrets
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS device (
    push_token TEXT PRIMARY KEY, device TEXT NOT NULL, topic TEXT, retired_at REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stored_push (
    push_token TEXT NOT NULL, topic TEXT NOT NULL, apns_id TEXT NOT NULL, expires_at REAL NOT NULL,
    PRIMARY KEY (push_token, topic)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Device:
    """A device as the operating system knows it. `topic` None: the token is good for any pass type."""

    push_token: str
    device_library_identifier: str
    topic: str | None
    retired_at: float | None = None


@dataclass(frozen=True)
class StoredPush:
    """A push accepted for a device: what is kept of it while the device is offline, and what the device is given."""

    push_token: str
    topic: str
    apns_id: str
    expires_at: float


class TokenBook:
    """Devices and stored pushes. Every write is on disk, in WAL, when the call returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")  # a stand-in may forget a phone in a power cut, not in a kill
        self._database.execute("PRAGMA busy_timeout=5000")
        self._database.executescript(_SCHEMA)
        self._devices = {
            row[0]: Device(*row) for row in self._database.execute("SELECT push_token, device, topic, retired_at FROM device")
        }
        self._stored = {
            (row[0], row[1]): StoredPush(*row)
            for row in self._database.execute("SELECT push_token, topic, apns_id, expires_at FROM stored_push")
        }

    def close(self) -> None:
        self._database.close()

    def issue(self, topic: str | None, device_library_identifier: str | None) -> Device:
        """A new token, and a new device unless the caller says that it is one that has tokens already."""
        device = Device(secrets.token_hex(32), device_library_identifier or secrets.token_hex(16), topic)
        self._database.execute(
            "INSERT INTO device (push_token, device, topic) VALUES (?, ?, ?)",
            (device.push_token, device.device_library_identifier, topic),
        )
        self._devices[device.push_token] = device
        return device

    def find(self, push_token: str) -> Device | None:
        return self._devices.get(push_token)

    def retire(self, push_token: str, at: float) -> bool:
        """The phone was wiped or the pass type left it. False: no such token. Retiring twice keeps the first time."""
        device = self._devices.get(push_token)
        if device is None:
            return False
        if device.retired_at is None:
            self._database.execute("UPDATE device SET retired_at = ? WHERE push_token = ?", (at, push_token))
            self._devices[push_token] = replace(device, retired_at=at)
            self._database.execute("DELETE FROM stored_push WHERE push_token = ?", (push_token,))
            for key in [key for key in self._stored if key[0] == push_token]:
                del self._stored[key]
        return True

    def store(self, push: StoredPush) -> bool:
        """Keeps `push` for later. True: it took the place of an earlier one, for one per topic and device is kept."""
        key = (push.push_token, push.topic)
        replaced = key in self._stored
        self._database.execute(
            "INSERT OR REPLACE INTO stored_push VALUES (?, ?, ?, ?)",
            (push.push_token, push.topic, push.apns_id, push.expires_at),
        )
        self._stored[key] = push
        return replaced

    def take_stored(self, push_token: str, topic: str | None, now: float) -> tuple[StoredPush, ...]:
        """Hands out and forgets what waited for this device; what expired meanwhile is forgotten unseen."""
        keys = [key for key in self._stored if key[0] == push_token and topic in (None, key[1])]
        taken = [self._stored.pop(key) for key in keys]
        for key in keys:
            self._database.execute("DELETE FROM stored_push WHERE push_token = ? AND topic = ?", key)
        return tuple(push for push in taken if push.expires_at > now)

    @property
    def devices_alive(self) -> int:
        return sum(1 for device in self._devices.values() if device.retired_at is None)

    @property
    def pushes_stored(self) -> int:
        return len(self._stored)
