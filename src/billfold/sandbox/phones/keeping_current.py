"""How an iPhone keeps its passes current: asks what changed, fetches, verifies, compares, shows, and complains when wronged.

The order of calls is that of reference/apple-wallet.md section 4.5. May not enter: who wakes it up (iphone.py does), the link.
"""

from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime

from billfold.sandbox.phones import passkit, web
from billfold.sandbox.phones.bundle import InvalidPass, OpenedPass, open_bundle
from billfold.sandbox.phones.changes import compare, lock_screen_line
from billfold.sandbox.phones.content import Reader
from billfold.sandbox.phones.events import Complained, Event, Failed, Fetched, Notified, Unchanged, Updated
from billfold.sandbox.phones.memory import Memory, WalletPass
from billfold.sandbox.phones.passkit import PassAddress, ServedPass, ServerWrong
from billfold.sandbox.phones.signature import Trust


def address_of(pass_: WalletPass) -> PassAddress | None:
    """None: the pass has no web service and stays as it is."""
    content = pass_.opened.content
    if content.web_service_url is None or content.authentication_token is None:
        return None
    return PassAddress(content.web_service_url, content.pass_type_identifier, content.serial_number, content.authentication_token)


class Keeper:
    """Works on the phone's memory and reports events. Methods raise web.Unreachable, and ServerWrong with `retry`."""

    def __init__(
        self, memory: Memory, report: Callable[[Event], None], reader: Callable[[], Reader], trust: Callable[[], Trust]
    ) -> None:
        self._memory = memory
        self._report = report
        self._reader = reader
        self._trust = trust

    async def update_type(self, pass_type_identifier: str, *, tagged: bool = True) -> None:
        """What a push for this pass type leads to. `tagged` False: as if no tag had ever been seen."""
        passes = self._memory.of_type(pass_type_identifier)
        addresses = [address_of(pass_) for pass_ in passes if pass_.automatic_updates]
        for web_service_url in dict.fromkeys(address.web_service_url for address in addresses if address):
            try:
                await self._update_from(web_service_url, pass_type_identifier, tagged=tagged)
            except ServerWrong as wrong:
                await self.complain(web_service_url, wrong.complaint)
                if wrong.retry:
                    raise

    async def _update_from(self, web_service_url: str, pass_type_identifier: str, *, tagged: bool) -> None:
        device = self._memory.device
        assert device is not None, "a pass is registered before it is updated"
        tag_name = f"{web_service_url} {pass_type_identifier}"
        tag = self._memory.tags.get(tag_name) if tagged else None
        changed = await passkit.list_changed(web_service_url, pass_type_identifier, device, tag)
        if changed is None:
            self._report(Unchanged())
            return
        for serial_number in changed.serial_numbers:
            pass_ = self._memory.passes.get((pass_type_identifier, serial_number))
            if pass_ is None:
                await self.complain(
                    web_service_url, f"Server listed serial number '{serial_number}', which this device did not register"
                )
                continue
            try:
                await self.fetch(pass_, listed_with_tag=tag is not None)
            except ServerWrong as wrong:
                if wrong.retry:
                    raise
                await self.complain(web_service_url, wrong.complaint)
        # Only now: had a fetch failed for a while, the next list must name the pass again.
        self._memory.tags[tag_name] = changed.last_updated
        self._memory.save()

    async def fetch(self, pass_: WalletPass, *, listed_with_tag: bool = False) -> None:
        """A conditional GET and all that follows from it."""
        address = address_of(pass_)
        if address is None:
            return
        served = await passkit.fetch(address, pass_.last_modified)
        blamed = listed_with_tag and not pass_.fetched_ahead_of_list
        if served is None:
            await self._not_changed(pass_, address, blamed, pass_.last_modified)
            return
        opened = await self._open(address, served)
        last_modified = await self._judge_last_modified(address, served)
        self._report(Fetched(serial_number=address.serial_number, last_modified=served.last_modified))
        if opened.manifest_digest == pass_.opened.manifest_digest:
            blamed = blamed or pass_.last_modified is not None  # 304 was the right answer to If-Modified-Since
            await self._not_changed(pass_, address, blamed, last_modified)
        elif pass_.key in self._memory.passes:  # else removed while the answer was on its way
            newer = replace(pass_, opened=opened, last_modified=last_modified, fetched_ahead_of_list=not listed_with_tag)
            self._memory.put(newer)
            self._show(pass_, newer)

    async def _open(self, address: PassAddress, served: ServedPass) -> OpenedPass:
        try:
            opened = await open_bundle(served.data, self._trust(), self._reader())
        except InvalidPass as error:
            raise passkit.invalid_pass(address, str(error)) from error
        content = opened.content
        if (content.pass_type_identifier, content.serial_number) != (address.pass_type_identifier, address.serial_number):
            raise passkit.invalid_pass(address, "it is another pass than the one asked for")
        return opened

    async def _judge_last_modified(self, address: PassAddress, served: ServedPass) -> str | None:
        if served.last_modified is None:
            await self.complain(address.web_service_url, passkit.missing_last_modified(address))
            return None
        try:
            parsedate_to_datetime(served.last_modified)
        except ValueError:
            text = f"Server provided a last-modified header that is no HTTP date: {served.last_modified}"
            await self.complain(address.web_service_url, text)
            return None
        return served.last_modified

    async def _not_changed(self, pass_: WalletPass, address: PassAddress, blamed: bool, last_modified: str | None) -> None:
        if blamed:
            await self.complain(address.web_service_url, passkit.unchanged_although_listed(address.serial_number))
        if pass_.key in self._memory.passes:
            self._memory.put(replace(pass_, last_modified=last_modified, fetched_ahead_of_list=False))
        self._report(Unchanged(serial_number=address.serial_number))

    def _show(self, older: WalletPass, newer: WalletPass) -> None:
        content = newer.opened.content
        line = lock_screen_line(older.opened.content, content, self._reader().language)
        if line is not None and newer.notifications:
            self._report(
                Notified(
                    serial_number=content.serial_number,
                    title=content.card.organization_name,
                    text=line.text,
                    generic=line.generic,
                )
            )
        changes = compare(older.opened.content, content)
        self._report(Updated(serial_number=content.serial_number, changes=changes, card=content.card))

    async def complain(self, web_service_url: str, text: str) -> None:
        """Tells the log endpoint. A log endpoint that is wrong itself is an event, not another complaint."""
        self._report(Complained(text=text))
        try:
            status = await passkit.log(web_service_url, [text])
        except web.Unreachable as error:
            self._report(Failed(text=f"the complaint could not be sent: {error}"))
            return
        if status != 200:
            self._report(Failed(text=f"the log endpoint answered {status}, not 200"))
