"""POST /api/passes over HTTP: durable, signed answers for 16 clients, against the machine's raw RSA rate in the same run.

Each answer costs two RSA operations (bundle and save link), so 0.5 is the ceiling. Bars: >= 0.25; p99 <= 60 ms at half the load."""

import asyncio
import json
from urllib.parse import urlsplit

from common import SAMPLE, arguments, lua_post, paced, report, server, sign_rate, wrk

BAR, BAR_P99_MS, CLIENTS = 0.25, 60.0, 16


def main() -> None:
    args = arguments(__doc__)
    with server(args.database_url) as one:
        headers = {"Authorization": f"Bearer {one.key}", "Content-Type": "application/json"}
        script = lua_post(headers, SAMPLE)
        wrk(f"{one.url}/api/passes", 1, CLIENTS, script)  # warm
        before = sign_rate(2)
        load = wrk(f"{one.url}/api/passes", args.seconds, CLIENTS, script)
        limit = (before + sign_rate(2)) / 2
        address = urlsplit(one.url)
        body = json.dumps(SAMPLE).encode()
        lines = [f"POST /api/passes HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(body)}\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
        request = "".join(lines).encode() + b"\r\n" + body
        half = asyncio.run(paced(address.hostname, address.port, request, load.rate / 2, args.seconds, CLIENTS))
        rows = {
            "answers a second": load.rate,
            "raw RSA-2048 signatures a second, both cores": limit,
            "share of the limit": load.rate / limit,
            "bar": BAR,
            "p99 ms at half load": half.p99_ms,
            "bar ms": BAR_P99_MS,
            "errors": load.errors + half.errors,
            "met": load.rate / limit >= BAR and half.p99_ms <= BAR_P99_MS and not load.errors + half.errors,
        }
        report(args, "issue", rows)


if __name__ == "__main__":
    main()
