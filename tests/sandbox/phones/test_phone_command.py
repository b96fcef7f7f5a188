"""`billfold phone` as a person and a script use it: a process of its own against an honest server."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from sandbox.phones.bundles import store_card
from sandbox.phones.honest_server import HonestServer


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "billfold",
        "phone",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A shell lets what it runs in the background ignore Ctrl-C, and children of that do likewise.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


async def events_until(process: asyncio.subprocess.Process, name: str) -> list[dict[str, object]]:
    assert process.stdout is not None
    events: list[dict[str, object]] = []
    async with asyncio.timeout(30):
        while not events or events[-1]["event"] != name:
            line = await process.stdout.readline()
            assert line, "the phone ended"
            events.append(json.loads(line))
    return events


async def lines_until(process: asyncio.subprocess.Process, text: str) -> str:
    assert process.stdout is not None
    drawn = ""
    async with asyncio.timeout(30):
        while text not in drawn:
            line = await process.stdout.readline()
            assert line, "the phone ended"
            drawn += line.decode()
    return drawn


async def switch_off(process: asyncio.subprocess.Process) -> None:
    """Ctrl-C: a quiet end."""
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        _, said = await process.communicate()
    assert (process.returncode, said) == (0, b"")


@pytest.mark.requirement("S3-27", "S3-32")
async def test_an_update_ends_a_phone_started_with_once(server: HonestServer) -> None:
    process = await start("iphone", f"{server.url}/p/C-1", "--json", "--once", "--timeout", "30")
    before = await events_until(process, "unchanged")
    assert [event["event"] for event in before] == ["opened", "installed", "registered", "waiting", "unchanged"]
    server.put(storeCard=store_card("1,300"))
    await server.push()
    after = await events_until(process, "updated")
    assert after[-2]["text"] == "You hit 1,300 points. Free coffee unlocked!"
    assert await process.wait() == 0


async def test_without_json_it_draws_card_and_lock_screen(server: HonestServer) -> None:
    process = await start("iphone", f"{server.url}/p/C-1", "--once", "--timeout", "30")
    drawn = await lines_until(process, "nothing new")
    for text in ("Bayroast Coffee", "POINTS", "1,250", "Coffee Rewards", "LOYALTY-98765", "waiting for changes"):
        assert text in drawn
    server.put(storeCard=store_card("1,300"))
    await server.push()
    rest = (await process.communicate())[0].decode()
    for text in ("lock screen", "You hit 1,300 points.", "POINTS: 1,250 → 1,300"):
        assert text in rest
    assert process.returncode == 0


async def test_a_text_of_a_pass_cannot_rewrite_the_terminal(server: HonestServer) -> None:
    server.put(logoText="\x1b[2Jgone\x07 [red]loud[/red]")
    process = await start("iphone", f"{server.url}/p/C-1")
    drawn = await lines_until(process, "nothing new")
    assert "\x1b[2J" not in drawn
    assert "\x07" not in drawn
    assert "[red]loud[/red]" in drawn
    await switch_off(process)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("iphone", "{url}/p/none"), "answered 404"),
        (("iphone", "http://127.0.0.1:1/p/x"), "cannot be opened"),
        (("android", "{url}/p/C-1"), "shows an Android phone no button"),
        (("iphone",), "give a LINK"),
        (("iphone", "{url}/p/C-1", "--once", "--timeout", "2"), "no update within 2 seconds"),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_a_status(server: HonestServer, arguments: tuple[str, ...], told: str) -> None:
    process = await start(*[argument.replace("{url}", server.url) for argument in arguments])
    _, said = await process.communicate()
    assert process.returncode == 1
    assert told in said.decode()
    assert said.decode().count("\n") == 1


async def test_a_home_without_a_link_goes_on_with_the_passes_it_holds(server: HonestServer, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    first = await start("iphone", f"{server.url}/p/C-1", "--home", home, "--json")
    await events_until(first, "unchanged")
    await switch_off(first)
    server.put(storeCard=store_card("1,300"))
    again = await start("iphone", "--home", home, "--json", "--once", "--timeout", "30")
    events = await events_until(again, "updated")
    assert "registered" not in [event["event"] for event in events]
    assert await again.wait() == 0
