"""`billfold phone`: virtual phones in the terminal, as lines for a person or as JSON lines for a script.

Knows the phones of `billfold.sandbox` and nothing else of Billfold: a phone judges a server by its link alone.
"""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from billfold.cli.phone_screen import PhoneScreen
from billfold.sandbox.phones.android import DEFAULT_ACCOUNT, VirtualAndroid
from billfold.sandbox.phones.content import IOS
from billfold.sandbox.phones.events import Event, Notified, Updated
from billfold.sandbox.phones.iphone import VirtualIphone
from billfold.sandbox.phones.share_link import CannotInstall

_COMPANION_SECONDS = 1.0
"""How long --once waits for what belongs to an update: on Android the notice comes after it, a silent one has none."""

phone_app = typer.Typer(
    help="Virtual phones: open a share link, install the pass, and show what a holder would see.\n\n"
    "They speak the protocols that real phones speak: the iPhone verifies the signature by itself, registers, waits for pushes "
    "and complains to the server's log endpoint when the server is wrong; the Android phone saves to an account of the sandbox's "
    "Google Wallet. They work with the test environment of any Billfold that the link leads to.\n\n"
    "Try: start [bold]billfold serve[/bold], create a pass, give its shareUrl to [bold]billfold phone iphone LINK[/bold], then "
    "change the pass: the line on the lock screen appears here.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

LinkArgument = Annotated[
    str | None,
    typer.Argument(metavar="LINK", help="The pass's shareUrl. May be left out when --home holds passes already."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON line per event: event, at, and the event's own members.")]
HomeOption = Annotated[
    Path | None,
    typer.Option(help="Folder that keeps the phone: stop it, start it again, and it catches up like a phone switched on."),
]
OnceOption = Annotated[bool, typer.Option("--once", help="End after the first update. With --timeout: fail when none comes.")]
TimeoutOption = Annotated[float | None, typer.Option(min=0.0, metavar="SECONDS", help="Switch the phone off after so long.")]


@phone_app.command()
def iphone(
    link: LinkArgument = None,
    json: JsonOption = False,
    home: HomeOption = None,
    once: OnceOption = False,
    timeout: TimeoutOption = None,
    language: Annotated[str, typer.Option(metavar="TAG", help="The phone's language: de, fr, pt-BR...")] = "en",
    ios: Annotated[float, typer.Option(min=6.0, max=99.0, help="Its iOS: which layout and which code of the pass it shows.")] = IOS,
) -> None:
    """An iPhone: installs the pass, registers it, and waits for pushes.

    Events in order: opened, installed, registered, waiting; on an update pushed, fetched, notified (the lock-screen line,
    absent when silent), updated; also unchanged, complained, removed, failed.
    """
    _play(_start(lambda: VirtualIphone(home, language=language, ios=ios), link), json, once, timeout)


@phone_app.command()
def android(
    link: LinkArgument = None,
    json: JsonOption = False,
    home: HomeOption = None,
    once: OnceOption = False,
    timeout: TimeoutOption = None,
    account: Annotated[str, typer.Option(help="Google account of the holder, in the sandbox's Google Wallet.")] = DEFAULT_ACCOUNT,
    language: Annotated[str, typer.Option(metavar="TAG", help="The phone's language: de, fr, pt-BR...")] = "en",
) -> None:
    """An Android phone: saves the pass to a Google account and follows it.

    Google shows a generic notice; the issuer's text is in the pass. Events in order: opened, installed, waiting; on an update
    updated (changes, message), notified (generic); also removed, failed.
    """
    _play(_start(lambda: VirtualAndroid(home, account=account, language=language), link), json, once, timeout)


AnyPhone = VirtualIphone | VirtualAndroid
Start = Callable[[contextlib.AsyncExitStack, Callable[[AnyPhone], None]], Awaitable[None]]


def _start(make: Callable[[], AnyPhone], link: str | None) -> Start:
    """What is done first with a phone: switched on, shown to its watcher, given the link."""

    async def start(stack: contextlib.AsyncExitStack, watch: Callable[[AnyPhone], None]) -> None:
        phone = make()
        watch(phone)
        await stack.enter_async_context(phone)
        if link is not None:
            await phone.add(link)
        elif not phone.passes:
            raise CannotInstall("give a LINK, or a --home that holds passes")

    return start


def _play(start: Start, json: bool, once: bool, seconds: float | None) -> None:
    """Ends the process with status 1 and one line when the phone could not do what was asked."""
    try:
        problem = asyncio.run(_run(start, json=json, once=once, seconds=seconds))
    except KeyboardInterrupt:
        return
    if problem is not None:
        print(f"billfold phone: {problem}", file=sys.stderr)
        raise typer.Exit(1)


async def _run(start: Start, *, json: bool, once: bool, seconds: float | None) -> str | None:
    """Plays the phone until it is to end. Gives back what went wrong, in one line, or None."""
    updated = asyncio.Event()
    watchers: list[asyncio.Task[None]] = []

    def watch(phone: AnyPhone) -> None:
        watchers.append(asyncio.create_task(_watch(phone, _printer(json), updated)))

    async with contextlib.AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(seconds):
                await start(stack, watch)
                await (updated.wait() if once else asyncio.Event().wait())
        except TimeoutError:
            return f"no update within {seconds:g} seconds" if once else None
        except (CannotInstall, ValueError) as problem:
            return str(problem)
        finally:
            await stack.aclose()
            await asyncio.gather(*watchers)
    return None


async def _watch(phone: AnyPhone, show: Callable[[Event], None], updated: asyncio.Event) -> None:
    """Shows every event; says so when an update is complete: card and lock-screen line, or card and a while of silence."""
    loop = asyncio.get_running_loop()
    seen: set[type[Event]] = set()
    async for event in phone.events():
        show(event)
        seen.add(type(event))
        if isinstance(event, Updated):
            loop.call_later(_COMPANION_SECONDS, updated.set)
        if {Updated, Notified} <= seen:
            updated.set()


def _printer(json: bool) -> Callable[[Event], None]:
    if json:
        return lambda event: print(event.to_json(), flush=True)
    return PhoneScreen().show
