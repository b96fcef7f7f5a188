"""A virtual iPhone: driven by a share link, it installs, registers, waits for pushes, and does what a user can do with a pass.

May not enter: anything of Billfold outside this folder; the push service's code (only its HTTP).
Source: reference/apple-wallet.md sections 4.5, 4.6.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import quote, urlsplit

from billfold.sandbox.phones import passkit, web
from billfold.sandbox.phones.bundle import InvalidPass, open_bundle
from billfold.sandbox.phones.content import IOS, Reader
from billfold.sandbox.phones.events import (
    Event,
    EventLog,
    Failed,
    Installed,
    Pushed,
    Registered,
    Removed,
    Waiting,
)
from billfold.sandbox.phones.keeping_current import Keeper, address_of
from billfold.sandbox.phones.memory import Memory, WalletPass, load
from billfold.sandbox.phones.passkit import ServerWrong
from billfold.sandbox.phones.share_link import CannotInstall, download_bundles
from billfold.sandbox.phones.signature import Trust, find_openssl

RETRY_DELAYS_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_LINE_OPENS_SECONDS = 10.0


class VirtualIphone:
    """One phone. Use as `async with VirtualIphone() as phone: await phone.add(link)`; read `phone.events()`.

    With `home` it can be stopped and started: it wakes up with its passes and does what a phone does after a reboot.
    `language` and `ios` decide what it shows of a pass. `openssl`: path of the command that has to agree with every signature;
    None: the phone judges alone.
    """

    def __init__(
        self,
        home: Path | None = None,
        *,
        courier_url: str | None = None,
        root_pem: bytes | None = None,
        openssl: str | Literal["find"] | None = "find",
        language: str = "en",
        ios: float = IOS,
        retry_delays_seconds: tuple[float, ...] = RETRY_DELAYS_SECONDS,
    ) -> None:
        self._home = home
        self._given_courier_url = courier_url
        self._given_root = root_pem
        self._openssl = find_openssl() if openssl == "find" else openssl
        self._language = language
        self._ios = ios
        self._retry_delays = retry_delays_seconds
        self._log = EventLog()
        self._memory = Memory(home)
        self._keeper = Keeper(self._memory, self._log.add, self._reader, self._trust)
        self._online = True
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._pushed: dict[str, asyncio.Event] = {}
        self._line_open: dict[str, asyncio.Event] = {}
        self._busy: dict[str, asyncio.Lock] = {}
        self._asking_for_token = asyncio.Lock()

    # Life

    async def __aenter__(self) -> "VirtualIphone":
        """Raises ValueError when `home` holds something else."""
        self._memory, kept_passes = load(self._home)
        self._keeper = Keeper(self._memory, self._log.add, self._reader, self._trust)
        for kept, data in kept_passes:
            try:
                opened = await open_bundle(data, self._trust(), self._reader())
            except InvalidPass as error:
                raise ValueError(f"{self._home} holds a pass that is broken: {error}") from error
            pass_ = WalletPass(kept.link, opened, kept.last_modified, kept.automatic_updates, kept.notifications)
            self._memory.passes[pass_.key] = pass_
        if self._memory.passes:
            await self.reboot()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Switches the phone off. It says goodbye to nobody."""
        await self._cancel_tasks()
        self._log.close()

    def events(self) -> AsyncIterator[Event]:
        """All events from the beginning, then each as it happens, until `close`."""
        return self._log.follow()

    @property
    def history(self) -> tuple[Event, ...]:
        return tuple(self._log.history)

    @property
    def passes(self) -> tuple[WalletPass, ...]:
        return tuple(self._memory.passes.values())

    @property
    def device_library_identifier(self) -> str | None:
        return self._memory.device

    def push_token(self, pass_type_identifier: str) -> str | None:
        return self._memory.tokens.get(pass_type_identifier)

    # What the user does

    async def add(self, link: str) -> WalletPass:
        """Opens the link, installs the pass, registers, and waits for pushes; of several passes all, and gives back the first.

        Raises CannotInstall."""
        opened_event, downloads = await download_bundles(link)
        self._log.add(opened_event)
        await self._learn_where_pushes_come_from(link)
        try:
            opened = [await open_bundle(one.data, self._trust(), self._reader()) for one in downloads]
        except InvalidPass as error:
            raise CannotInstall(f"the pass cannot be installed: {error}") from error
        passes = [WalletPass(link, one, download.last_modified) for one, download in zip(opened, downloads, strict=True)]
        for pass_ in passes:
            await self._install(pass_)
        return passes[0]

    async def _install(self, pass_: WalletPass) -> None:
        opened = pass_.opened
        again = pass_.key in self._memory.passes
        self._memory.put(pass_)
        self._log.add(
            Installed(
                serial_number=opened.content.serial_number,
                pass_type_identifier=opened.content.pass_type_identifier,
                card=opened.content.card,
                again=again,
            )
        )
        await self._follow(pass_)

    async def refresh(self, serial_number: str | None = None) -> None:
        """Pull to refresh: asks for the pass at once."""
        for pass_ in self._chosen(serial_number):
            if (address := address_of(pass_)) is not None and self._may_use_network():
                await self._with_retries(lambda pass_=pass_: self._keeper.fetch(pass_), address.web_service_url)  # type: ignore[misc]

    async def remove(self, serial_number: str | None = None) -> None:
        """Deletes the pass (all, when none is named) and tells the server."""
        for pass_ in self._chosen(serial_number):
            await self._unregister(pass_)
            self._memory.forget(pass_.key)
            if not self._memory.of_type(pass_.key[0]):
                await self._hang_up(pass_.key[0])
            self._log.add(Removed(serial_number=pass_.key[1]))

    def set_notifications(self, on: bool, serial_number: str | None = None) -> None:
        """The switch on the back of the pass: updates go on, the lock screen stays quiet."""
        for pass_ in self._chosen(serial_number):
            self._memory.put(replace(pass_, notifications=on))

    async def set_automatic_updates(self, on: bool, serial_number: str | None = None) -> None:
        """The other switch: off unregisters, on registers and asks for the pass."""
        for pass_ in self._chosen(serial_number):
            switched = replace(pass_, automatic_updates=on)
            self._memory.put(switched)
            if on:
                await self._follow(switched)
            else:
                await self._unregister(pass_)

    async def go_offline(self) -> None:
        """Flight mode. The push service keeps one push per pass type meanwhile."""
        self._online = False
        await self._cancel_tasks()

    async def go_online(self) -> None:
        """Ends flight mode; a stored push arrives by itself."""
        self._online = True
        for kind in self._types_followed():
            await self._connect(kind)

    async def reboot(self) -> None:
        """Off and on: asks what changed without any push, with the last tags."""
        await self._cancel_tasks()
        for kind in self._types_followed():
            await self._connect(kind)
            await self._update(kind, tagged=True)

    async def restore_on_new_phone(self, home: Path | None = None) -> "VirtualIphone":
        """A new phone from this one's backup: the same passes under a new device id and new tokens. Close it as well."""
        newer = VirtualIphone(
            home,
            courier_url=self._given_courier_url,
            root_pem=self._given_root,
            openssl=self._openssl,
            language=self._language,
            ios=self._ios,
            retry_delays_seconds=self._retry_delays,
        )
        newer._memory.courier_url = self._memory.courier_url
        newer._memory.root_pem = self._memory.root_pem
        for pass_ in self.passes:
            newer._memory.put(pass_)
        for pass_ in self.passes:
            await newer._follow(pass_)
        return newer

    async def wipe(self) -> None:
        """Erased without a word to the server: only the push service knows that the tokens are dead."""
        await self._cancel_tasks()
        for token in self._memory.tokens.values():
            with contextlib.suppress(web.Unreachable):
                await web.request("DELETE", f"{self._memory.courier_url}/devices/{token}")
        self._memory.tokens.clear()
        self._memory.tags.clear()
        self._memory.passes.clear()
        self._memory.device = None
        self._memory.save()

    # Registration

    async def _follow(self, pass_: WalletPass) -> None:
        if address_of(pass_) is None or not pass_.automatic_updates or not self._may_use_network():
            return
        kind = pass_.key[0]
        if await self._register(pass_):
            await self._connect(kind)
            await self._update(kind, tagged=False)

    async def _register(self, pass_: WalletPass) -> bool:
        address = address_of(pass_)
        assert address is not None

        async def once() -> None:
            token = await self._token(address.pass_type_identifier)
            device = self._memory.device
            assert device is not None
            status = await passkit.register(address, device, token)
            self._log.add(Registered(serial_number=address.serial_number, device_library_identifier=device, status=status))

        return await self._with_retries(once, address.web_service_url)

    async def _unregister(self, pass_: WalletPass) -> None:
        address, device = address_of(pass_), self._memory.device
        if address is None or device is None or not self._may_use_network():
            return
        await self._with_retries(lambda: passkit.unregister(address, device), address.web_service_url)

    async def _token(self, kind: str) -> str:
        """The token for a pass type, asked of the operating system (the courier) the first time."""
        async with self._asking_for_token:
            if kind in self._memory.tokens:
                return self._memory.tokens[kind]
            wish = {"topic": kind, "deviceLibraryIdentifier": self._memory.device}
            headers = {"Content-Type": "application/json"}
            response = await web.request("POST", f"{self._memory.courier_url}/devices", headers, json.dumps(wish).encode())
            if response.status not in (200, 201):
                raise web.Unreachable(f"the push service gives no token: {response.status}")
            try:
                given = response.json()
                assert isinstance(given, dict)
                token, device = given["pushToken"], given["deviceLibraryIdentifier"]
                assert isinstance(token, str)
                assert isinstance(device, str)
            except (ValueError, KeyError, AssertionError):
                raise web.Unreachable("the push service answers nonsense") from None
            self._memory.tokens[kind], self._memory.device = token, device
            self._memory.save()
            return token

    async def _learn_where_pushes_come_from(self, link: str) -> None:
        parts = urlsplit(link)
        url = self._given_courier_url or f"{parts.scheme}://{parts.netloc}/sandbox/apns"
        self._memory.courier_url = url.rstrip("/")
        if self._given_root is not None:
            self._memory.root_pem = self._given_root.decode()
            return
        try:
            response = await web.request("GET", f"{self._memory.courier_url}/ca.pem")
        except web.Unreachable as error:
            raise CannotInstall(f"the sandbox's root certificate cannot be had: {error}") from error
        if response.status != 200 or b"BEGIN CERTIFICATE" not in response.body:
            raise CannotInstall(
                f"no sandbox root certificate at {self._memory.courier_url}/ca.pem (status {response.status}); "
                "virtual phones take passes of a Billfold test environment only"
            )
        self._memory.root_pem = response.body.decode("ascii", "replace")

    def _reader(self) -> Reader:
        return Reader(self._language, self._ios, datetime.now(UTC))

    def _trust(self) -> Trust:
        return Trust((self._memory.root_pem or "").encode(), self._openssl)

    # Pushes and updates

    async def _connect(self, kind: str) -> None:
        """Opens the line for a pass type, unless it is open; comes back when it stands (or after a while without)."""
        if not self._online:
            return
        opened = self._line_open.setdefault(kind, asyncio.Event())
        self._pushed.setdefault(kind, asyncio.Event())
        for name, work in (("line", self._hold_line), ("updates", self._work_off_pushes)):
            if (name, kind) not in self._tasks:
                self._tasks[name, kind] = asyncio.create_task(work(kind), name=f"{name} {kind}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINE_OPENS_SECONDS):
                await opened.wait()

    async def _hold_line(self, kind: str) -> None:
        attempt = 0
        while True:
            try:
                token = await self._token(kind)
                url = f"{self._memory.courier_url}/devices/{token}/stream?topic={quote(kind, safe='')}"
                async with web.open_events(url) as arriving:
                    async for event in arriving:
                        if not self._line_open[kind].is_set():
                            attempt = 0
                            self._line_open[kind].set()
                            self._log.add(Waiting(topic=kind))
                        if event.name == "push":
                            self._log.add(Pushed(topic=kind))
                            self._pushed[kind].set()
            except web.StreamRefused as refused:
                if refused.status in (404, 410):
                    await self._replace_token(kind)
            except web.Unreachable as error:
                if attempt == 0:
                    self._log.add(Failed(text=f"the line to the push service is down: {error}"))
            self._line_open[kind].clear()
            await asyncio.sleep(self._delay(attempt))
            attempt += 1

    async def _replace_token(self, kind: str) -> None:
        """The push service has forgotten this phone: a new token, and every pass registers again with it."""
        self._memory.tokens.pop(kind, None)
        for pass_ in self._memory.of_type(kind):
            if address_of(pass_) is not None and pass_.automatic_updates:
                await self._register(pass_)

    async def _work_off_pushes(self, kind: str) -> None:
        pushed = self._pushed[kind]
        while True:
            await pushed.wait()
            pushed.clear()
            try:
                await self._update(kind, tagged=True)
            except asyncio.CancelledError:
                pushed.set()  # flight mode in the middle: taken up again when the phone is back
                raise

    async def _update(self, kind: str, *, tagged: bool) -> None:
        async with self._busy.setdefault(kind, asyncio.Lock()):
            await self._with_retries(lambda: self._keeper.update_type(kind, tagged=tagged), None, woken_by=self._pushed.get(kind))

    async def _with_retries(
        self,
        act: Callable[[], Awaitable[None]],
        complain_to: str | None,
        woken_by: asyncio.Event | None = None,
    ) -> bool:
        """Tries with growing delay, then gives up. A push shortens the wait. True: it worked."""
        for delay in (*self._retry_delays, None):
            try:
                await act()
            except web.Unreachable as error:
                self._log.add(Failed(text=str(error), gives_up=delay is None))
            except ServerWrong as wrong:
                if complain_to is not None:
                    await self._keeper.complain(complain_to, wrong.complaint)
                if not wrong.retry or delay is None:
                    self._log.add(Failed(text=wrong.complaint, gives_up=True))
                    return False
            else:
                return True
            if delay is None:
                break
            if woken_by is None:
                await asyncio.sleep(delay)
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await woken_by.wait()
                woken_by.clear()
        return False

    def _delay(self, attempt: int) -> float:
        return self._retry_delays[min(attempt, len(self._retry_delays) - 1)] if self._retry_delays else 0.0

    def _types_followed(self) -> list[str]:
        followed = [pass_.key[0] for pass_ in self.passes if pass_.automatic_updates and address_of(pass_) is not None]
        return list(dict.fromkeys(followed))

    def _chosen(self, serial_number: str | None) -> list[WalletPass]:
        return [pass_ for pass_ in self.passes if serial_number in (None, pass_.key[1])]

    def _may_use_network(self) -> bool:
        if not self._online:
            self._log.add(Failed(text="the phone is offline"))
        return self._online

    async def _hang_up(self, kind: str) -> None:
        await self._cancel({task for (_, of_kind), task in self._tasks.items() if of_kind == kind})

    async def _cancel_tasks(self) -> None:
        await self._cancel(set(self._tasks.values()))

    async def _cancel(self, tasks: set[asyncio.Task[None]]) -> None:
        for key in [key for key, task in self._tasks.items() if task in tasks]:
            del self._tasks[key]
            self._line_open[key[1]].clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
