"""From PUT to the lock screen of a virtual phone, on an idle machine: request, transaction, push, list, fetch, verify, show.

Each phone is changed less often than once a second, so the pause between two pushes to one device does not count.
Bars: p50 <= 300 ms, p99 <= 1 s."""

import asyncio
import json
import statistics
import time

from billfold.sandbox.phones.events import Notified
from billfold.sandbox.phones.iphone import VirtualIphone
from common import SAMPLE, arguments, report, server

PHONES, BAR_P50_MS, BAR_P99_MS = 10, 300.0, 1000.0


async def wait_for(phone: VirtualIphone, text: str) -> float:
    async with asyncio.timeout(20):
        async for event in phone.events():
            if isinstance(event, Notified) and event.text == text:
                return time.perf_counter()
    raise AssertionError


async def measure(url: str, call, count: int) -> list[float]:  # type: ignore[no-untyped-def]
    phones, links = [], []
    for _ in range(PHONES):
        made = json.loads((await asyncio.to_thread(call, "POST", "/api/passes", SAMPLE))[1])
        phone = await VirtualIphone(openssl=None).__aenter__()
        await phone.add(made["shareUrl"])
        phones.append(phone)
        links.append(made["serialNumber"])
    spent = []
    for round_ in range(count):
        which = round_ % PHONES
        body = json.loads(json.dumps(SAMPLE).replace("1,250", str(10_000 + round_)))
        seen = asyncio.create_task(wait_for(phones[which], f"You hit {10_000 + round_} points. Free coffee unlocked!"))
        began = time.perf_counter()
        await asyncio.to_thread(call, "PUT", f"/api/passes/{links[which]}", body)
        spent.append((await seen - began) * 1000)
        await asyncio.sleep(max(0.0, 1.3 / PHONES - (time.perf_counter() - began)))
    for phone in phones:
        await phone.close()
    return sorted(spent)


def main() -> None:
    args = arguments(__doc__)
    with server(args.database_url) as one:
        spent = asyncio.run(measure(one.url, one.call, args.count or 200))
    p50, p99 = statistics.median(spent), spent[int(len(spent) * 0.99)]
    rows = {
        "updates": len(spent),
        "p50 ms": p50,
        "bar p50 ms": BAR_P50_MS,
        "p99 ms": p99,
        "bar p99 ms": BAR_P99_MS,
        "met": p50 <= BAR_P50_MS and p99 <= BAR_P99_MS,
    }
    report(args, "lockscreen", rows)


if __name__ == "__main__":
    main()
