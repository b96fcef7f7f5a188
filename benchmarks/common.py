"""What the benchmarks of the running server share: start it, load it, time the machine's own limit beside it, print one line.

May not enter: what a single benchmark measures. Needs `openssl`, and `wrk` for the HTTP rows."""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = {
    "barcodeValue": "LOYALTY-98765",
    "barcodeFormat": "QR",
    "logoText": "Bayroast Coffee",
    "headerFields": [{"label": "POINTS", "value": "1,250", "changeMessage": "You hit %@ points. Free coffee unlocked!"}],
    "primaryFields": [{"label": "CARD", "value": "Coffee Rewards"}],
}


def picture(width: int, height: int, noise: random.Random | None) -> bytes:
    """A grey PNG: noise, which no deflate makes smaller, or flat."""
    rows = b"".join(b"\0" + (noise.randbytes(width) if noise else bytes(width)) for _ in range(height))
    chunks = ((b"IHDR", struct.pack(">2L5B", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data)) for kind, data in chunks
    )


def arguments(about: str, more: Callable[[argparse.ArgumentParser], None] = lambda parser: None) -> argparse.Namespace:
    """`more`: adds what a single benchmark knows beside."""
    parser = argparse.ArgumentParser(description=about)
    more(parser)
    parser.add_argument("--json", action="store_true", help="one line of figures, for scripts")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of each measured stretch")
    parser.add_argument("--database-url", default="", help="postgresql://... instead of the default SQLite")
    parser.add_argument("--count", type=int, default=0, help="how many, where the benchmark counts something")
    return parser.parse_args()


def tool(name: str) -> str:
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not path:
        sys.exit(f"this benchmark needs {name}; on Debian: apt-get install {'nghttp2-server' if name == 'nghttpd' else name}")
    return path


def sign_rate(processes: int) -> float:
    """RSA-2048 signatures a second that OpenSSL makes on this machine now, with so many processes."""
    command = [tool("openssl"), "speed", "-seconds", "1", *(["-multi", str(processes)] if processes > 1 else []), "rsa2048"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(out.strip().splitlines()[-1].split()[5])


@dataclass(frozen=True)
class Server:
    url: str
    key: str
    process: subprocess.Popen[str]
    data: Path
    demo: dict[str, object]
    """What the line of its start names of the demo."""

    def call(self, method: str, path: str, body: object | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())
        for name, value in ({"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"} | (headers or {})).items():
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()

    def make_pass(self) -> dict[str, str]:
        return json.loads(self.call("POST", "/api/passes", SAMPLE)[1])

    def cpu_seconds(self) -> float:
        """What all threads of the server have used: steadier than a rate on a machine that others use too."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


@contextlib.contextmanager
def server(database_url: str = "", **settings: str) -> Iterator[Server]:
    """A fresh Billfold on a free port, its data in a temporary folder. Keyword arguments are settings."""
    with tempfile.TemporaryDirectory(prefix="billfold-bench-") as folder:
        environment = os.environ | {
            "BILLFOLD_LOG_LEVEL": "warning",
            "BILLFOLD_RATE_LIMIT_PER_SECOND": "0",
            **({"BILLFOLD_DATABASE_URL": database_url} if database_url else {}),
            **{f"BILLFOLD_{name.upper()}": value for name, value in settings.items()},
        }
        command = [sys.executable, "-m", "billfold", "serve", "--port", "0", "--data", f"{folder}/data", "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        try:
            line = process.stdout.readline()
            ready = json.loads(line)
            yield Server(ready["url"], ready["test_key"], process, Path(folder) / "data", ready["demo"])
        finally:
            process.terminate()
            process.wait(30)


@dataclass(frozen=True)
class Load:
    rate: float
    p50_ms: float
    p99_ms: float
    errors: int


def wrk(url: str, seconds: float, connections: int, script: str = "") -> Load:
    """Closed-loop load from a program in C, so that the client takes little of the two cores."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as lua:
        lua.write(script)
        lua.flush()
        command = [
            tool("wrk"),
            "-t1",
            f"-c{connections}",
            f"-d{seconds:g}s",
            "--latency",
            *(["-s", lua.name] if script else []),
            url,
        ]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    errors = (int(bad[1]) if bad else 0) + (sum(map(int, sockets.groups())) if sockets else 0)
    return Load(rate, _ms(out, "50%"), _ms(out, "99%"), errors)


def _ms(out: str, name: str) -> float:
    value, unit = re.search(rf"{name}\s+([\d.]+)(us|ms|s)", out).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def lua_post(path_headers: dict[str, str], body: object) -> str:
    headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in path_headers.items())
    return f"wrk.method = 'POST'\nwrk.body = [=[{json.dumps(body)}]=]\n{headers}\n"


def progress(text: str, *, last: bool = False) -> None:
    """On one line of a person's terminal; nothing where the output goes elsewhere."""
    if sys.stderr.isatty():
        print(f"\r  {text}", end="\n" if last else "", file=sys.stderr, flush=True)


Request = bytes | Callable[[int], bytes]
"""The same for each, or made from its place in the row."""


async def paced(host: str, port: int, request: Request, rate: float, seconds: float, connections: int) -> Load:
    """Open-loop load: requests are due at fixed times whether or not the server keeps up, so a stall counts for all it delays."""
    latencies: list[float] = []
    errors = 0
    start = time.perf_counter() + 0.1
    due = iter(range(int(rate * seconds)))

    async def client() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection(host, port)
        for index in due:
            planned = start + index / rate
            await asyncio.sleep(max(0.0, planned - time.perf_counter()))
            writer.write(request if isinstance(request, bytes) else request(index))
            errors += not await succeeded(reader)
            latencies.append((time.perf_counter() - planned) * 1000)
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    latencies.sort()
    spent = time.perf_counter() - start
    return Load(len(latencies) / spent, statistics.median(latencies), latencies[int(len(latencies) * 0.99)], errors)


async def succeeded(reader: asyncio.StreamReader) -> bool:
    """Reads one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(re.search(rb"content-length: (\d+)", head.lower())[1]))
    return head.startswith(b"HTTP/1.1 20")


def report(args: argparse.Namespace, title: str, rows: dict[str, float | int | str | bool]) -> None:
    if args.json:
        print(json.dumps({"benchmark": title, **rows}))
        return
    print(title)
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"  {name:<{width}}  {value:,.3f}" if isinstance(value, float) else f"  {name:<{width}}  {value}")
