"""A virtual Android phone: driven by a share link, it saves the pass to a Google account and shows what that account is told.

It speaks to the Google stand-in's HTTP alone. May not enter: anything of Billfold outside this folder; Apple's protocol.
Source: reference/google-wallet.md sections 3.3 and 4.
"""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from billfold.sandbox.phones import web
from billfold.sandbox.phones.events import Event, EventLog, Failed, Installed, Notified, Removed, Updated, Waiting
from billfold.sandbox.phones.google_card import GooglePass, compare, new_message, read_pass
from billfold.sandbox.phones.share_link import SAVE_PATH, CannotInstall, find_save_link

DEFAULT_ACCOUNT = "holder@example.com"
RECONNECT_DELAYS_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_LINE_OPENS_SECONDS = 10.0
_FILE = "android.json"


class VirtualAndroid:
    """One phone, signed in as `account`. Use as `async with VirtualAndroid() as phone: await phone.add(link)`.

    With `home` it can be stopped and started: it wakes up with its passes and catches up with what it missed.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        account: str = DEFAULT_ACCOUNT,
        language: str = "en",
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        reconnect_delays_seconds: tuple[float, ...] = RECONNECT_DELAYS_SECONDS,
    ) -> None:
        self.account = account
        self.language = language
        self._now_ms = now_ms
        self._home = home
        self._delays = reconnect_delays_seconds
        self._log = EventLog()
        self._passes: dict[str, GooglePass] = {}
        self._entries: dict[str, Mapping[str, object]] = {}
        self._base: str | None = None
        self._last_event = ""
        self._line: asyncio.Task[None] | None = None
        self._line_open = asyncio.Event()

    # Life

    async def __aenter__(self) -> "VirtualAndroid":
        """Raises ValueError when `home` holds something else."""
        self._load()
        if self._base is not None:
            await self.go_online()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Switches the phone off."""
        await self.go_offline()
        self._log.close()

    def events(self) -> AsyncIterator[Event]:
        """All events from the beginning, then each as it happens, until `close`."""
        return self._log.follow()

    @property
    def history(self) -> tuple[Event, ...]:
        return tuple(self._log.history)

    @property
    def passes(self) -> tuple[GooglePass, ...]:
        return tuple(self._passes.values())

    def code(self, object_id: str) -> str | None:
        """What the code on the card holds right now; a rotating one is another every period."""
        pass_ = self._passes[object_id]
        return pass_.rotating.at(self._now_ms()) if pass_.rotating else pass_.card.barcode

    def _read(self, entry: Mapping[str, object]) -> GooglePass:
        return read_pass(entry, self.language, self._now_ms())

    # What the user does

    async def add(self, link: str) -> GooglePass:
        """Opens the link, saves the pass to the account, and waits for changes. Raises CannotInstall."""
        opened, save_link = await find_save_link(link)
        self._log.add(opened)
        object_id = await self._save(save_link)
        base = save_link.partition(SAVE_PATH)[0]
        entries, last_event = await self._read_wallet(base)
        if object_id not in entries:
            raise CannotInstall(f"{object_id} was saved and is not in the wallet of {self.account}")
        if base != self._base:
            await self.go_offline()
            self._base, self._last_event, self._entries, self._passes = base, last_event, {}, {}
        again = object_id in self._passes
        for known_id, entry in entries.items():
            self._entries[known_id], self._passes[known_id] = entry, self._read(entry)
        self._keep()
        pass_ = self._passes[object_id]
        self._log.add(Installed(serial_number=object_id, pass_type_identifier=pass_.class_id, card=pass_.card, again=again))
        await self.go_online()
        return pass_

    async def remove(self, object_id: str | None = None) -> None:
        """Takes a pass out of the wallet (all, when none is named). The object stays with Google."""
        for known_id in [known_id for known_id in self._passes if object_id in (None, known_id)]:
            url = f"{self._wallet(self._base or '')}/remove/{quote(known_id, safe='')}"
            try:
                response = await web.request("POST", url, {"Accept": "application/json"}, b"")
            except web.Unreachable as error:
                self._log.add(Failed(text=str(error), gives_up=True))
                continue
            if response.status != 200:
                self._log.add(Failed(text=f"removing {known_id} was answered {response.status}", gives_up=True))
                continue
            self._forget(known_id)

    async def go_offline(self) -> None:
        """Flight mode."""
        if self._line is not None:
            self._line.cancel()
            await asyncio.gather(self._line, return_exceptions=True)
            self._line = None
        self._line_open.clear()

    async def go_online(self) -> None:
        """Ends flight mode; what was missed arrives by itself. Comes back when the line stands (or after a while)."""
        if self._line is None:
            self._line = asyncio.create_task(self._hold_line())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINE_OPENS_SECONDS):
                await self._line_open.wait()

    # Google's side

    async def _save(self, save_link: str) -> str:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        try:
            response = await web.request("POST", save_link, headers, json.dumps({"account": self.account}).encode())
        except web.Unreachable as error:
            raise CannotInstall(f"the save link cannot be opened: {error}") from error
        answer = _members(response)
        if response.status != 200:
            error_ = answer.get("error")
            reason = error_.get("message") if isinstance(error_, dict) else None
            raise CannotInstall(f"Google Wallet does not save this pass: {reason or f'status {response.status}'}")
        object_id = answer.get("objectId")
        if not isinstance(object_id, str):
            raise CannotInstall("the save link's answer names no object")
        return object_id

    async def _read_wallet(self, base: str) -> tuple[dict[str, Mapping[str, object]], str]:
        try:
            response = await web.request("GET", f"{self._wallet(base)}/objects", {"Accept": "application/json"})
        except web.Unreachable as error:
            raise CannotInstall(f"the wallet of {self.account} cannot be read: {error}") from error
        answer = _members(response)
        listed = answer.get("objects")
        if response.status != 200 or not isinstance(listed, list):
            raise CannotInstall(f"the wallet of {self.account} cannot be read: status {response.status}")
        entries: dict[str, Mapping[str, object]] = {
            str(entry["objectId"]): entry for entry in listed if isinstance(entry, dict) and "objectId" in entry
        }
        return entries, str(answer.get("lastEventId", ""))

    async def _hold_line(self) -> None:
        attempt = 0
        while True:
            url = f"{self._wallet(self._base or '')}/stream?lastEventId={quote(self._last_event, safe='')}"
            try:
                async with web.open_events(url) as arriving:
                    attempt = 0
                    self._line_open.set()
                    self._log.add(Waiting(topic=self.account))
                    async for event in arriving:
                        self._take(event)
            except (web.StreamRefused, web.Unreachable) as error:
                if attempt == 0:
                    self._log.add(Failed(text=f"the line to Google Wallet is down: {error}"))
            self._line_open.clear()
            await asyncio.sleep(self._delays[min(attempt, len(self._delays) - 1)])
            attempt += 1

    def _take(self, event: web.ServerEvent) -> None:
        if event.name == "comment":
            return
        try:
            data = json.loads(event.data)
        except ValueError:
            self._log.add(Failed(text=f"an event of Google Wallet cannot be read: {event.data[:80]}"))
            return
        object_id = str(data.get("objectId", ""))
        if event.name in ("changed", "saved"):
            self._show(object_id, data)
        elif event.name == "removed":
            self._forget(object_id)
        elif event.name == "notification" and object_id in self._passes:
            title, text = str(data.get("title", "")), str(data.get("text", ""))
            self._log.add(Notified(serial_number=object_id, title=title, text=text, generic=True))
        self._last_event = event.id or self._last_event
        self._keep()

    def _show(self, object_id: str, entry: Mapping[str, object]) -> None:
        """The card as it is now. A pass that came from another phone of the account is taken in silently."""
        older, newer = self._passes.get(object_id), self._read(entry)
        self._entries[object_id], self._passes[object_id] = entry, newer
        if older is not None and older != newer:
            message = new_message(older, newer)
            self._log.add(Updated(serial_number=object_id, changes=compare(older, newer), card=newer.card, message=message))

    def _forget(self, object_id: str) -> None:
        if self._passes.pop(object_id, None) is not None:
            self._entries.pop(object_id, None)
            self._log.add(Removed(serial_number=object_id))
            self._keep()

    def _wallet(self, base: str) -> str:
        return f"{base}/wallet/{quote(self.account, safe='@')}"

    # Memory

    def _keep(self) -> None:
        if self._home is None:
            return
        self._home.mkdir(parents=True, exist_ok=True)
        state = {
            "account": self.account,
            "base": self._base,
            "lastEventId": self._last_event,
            "objects": list(self._entries.values()),
        }
        draft = self._home / f".{_FILE}.{os.getpid()}"
        draft.write_text(json.dumps(state, indent=1))
        os.replace(draft, self._home / _FILE)

    def _load(self) -> None:
        if self._home is None or not (self._home / _FILE).exists():
            return
        try:
            state = json.loads((self._home / _FILE).read_bytes())
            self.account, self._base, self._last_event = state["account"], state["base"], state["lastEventId"]
            for entry in state["objects"]:
                self._entries[entry["objectId"]], self._passes[entry["objectId"]] = entry, self._read(entry)
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise ValueError(f"{self._home} does not hold a virtual Android phone ({error})") from error


def _members(response: web.Response) -> Mapping[str, object]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
