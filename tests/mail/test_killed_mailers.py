"""`kill -9` of who queues and of who sends: every mail that was committed arrives, and one that arrives twice has one name."""

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from mail.conftest import SHOP, MailSite

CHILD = Path(__file__).with_name("killed_mailer.py")
QUEUED = 40


async def start(site: MailSite, task: str, *more: str) -> asyncio.subprocess.Process:
    settings = site.settings
    command = (sys.executable, str(CHILD), task, settings.database_url, str(settings.data), *more)
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)


async def kill(child: asyncio.subprocess.Process) -> None:
    child.send_signal(signal.SIGKILL)
    await child.wait()


@pytest.mark.requirement("S2-25")
async def test_no_mail_is_lost_whoever_is_killed(site: MailSite) -> None:
    child = await start(site, "queue")
    assert child.stdout is not None
    committed = [(await child.stdout.readline()).decode().strip() for _ in range(QUEUED)]
    await kill(child)
    caught = asyncio.Event()
    keep = site.catcher.catch

    def catch(*given: object) -> None:
        keep(*given)  # type: ignore[arg-type]
        if len(site.catcher.box) % 10 == 5:
            caught.set()

    site.catcher.catch = catch  # type: ignore[method-assign]
    for _ in range(2):
        caught.clear()
        child = await start(site, "send", str(site.catcher.port))
        await asyncio.wait_for(caught.wait(), 120)
        await kill(child)
    site.clock.at_ms += 10 * 365 * 86_400_000  # later than any claim of the killed, whose clock was the machine's
    for _ in range(2):
        await site.work()
        site.clock.advance(seconds=61)
    names = Counter(str(one.message["Message-ID"]) for one in site.caught())
    to = {one.recipients[0] for one in site.caught()}
    assert to >= {f"p{one.removeprefix('m-')}@example.com" for one in committed}
    assert len(names) == len(to), "one mail, one name"
    assert sum(names.values()) - len(names) <= 2, "at most the one that was under way when its sender was killed"
    assert await site.services.store.read(lambda tx: tx.mails.due(SHOP, site.clock.now_ms(), 9)) == []
