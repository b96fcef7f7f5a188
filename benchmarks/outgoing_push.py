"""How many pushes a second HttpTwoPool sends, beside a bare pycurl CurlMulti loop, against the same nghttpd.

    .venv/bin/python benchmarks/outgoing_push.py [--pushes 60000] [--rounds 3] [--json]

Both use one connection, 500 streams and a fresh path per push. Rounds are interleaved and medians printed, so that other
work on the machine hits both alike. nghttpd answers 404: it counts as an answer, and costs what a 200 would.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pycurl
import uvloop

from billfold.outgoing.push_pool import HttpTwoPool, PoolAnswer, PushRequest

STREAMS = 500
HEADERS = (b"apns-topic: pass.com.example", b"apns-push-type: background", b"apns-priority: 5")


@contextlib.contextmanager
def nghttpd() -> Iterator[tuple[str, bytes]]:
    """A server on a free port with a throwaway certificate: its address, and the certificate as the only root."""
    program = shutil.which("nghttpd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        sys.exit("nghttpd is missing: install Debian's nghttp2-server")
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost"
        make += f" -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout {key} -out {certificate}"
        subprocess.run(make.split(), check=True, capture_output=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [program, "-a", "127.0.0.1", "-m", "1000", "-d", folder, str(port), str(key), str(certificate)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.02)
            yield f"https://127.0.0.1:{port}", certificate.read_bytes()
        finally:
            process.terminate()
            process.wait()


def bare(base: str, ca_pem: bytes, paths: list[str], status: int = 404) -> float:
    """Pushes a second of the shortest loop that pycurl allows."""
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
    multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)
    multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, STREAMS)
    kept: list[bytes] = []
    urls = iter([base + path for path in paths])
    began = time.perf_counter()
    for _ in range(min(STREAMS, len(paths))):
        curl = pycurl.Curl()
        curl.setopt(pycurl.CAINFO_BLOB, ca_pem)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        curl.setopt(pycurl.PIPEWAIT, 1)
        curl.setopt(pycurl.POSTFIELDS, b"{}")
        curl.setopt(pycurl.HTTPHEADER, [*HEADERS, b"Content-Type:", b"Expect:", b"Accept:"])
        curl.setopt(pycurl.WRITEFUNCTION, kept.append)
        curl.setopt(pycurl.HEADERFUNCTION, kept.append)
        curl.setopt(pycurl.URL, next(urls))
        multi.add_handle(curl)
    answered = 0
    while answered < len(paths):
        multi.perform()
        _, finished, failed = multi.info_read(1_000)
        assert not failed, failed[0]
        for curl in finished:
            assert curl.getinfo(pycurl.RESPONSE_CODE) == status
            multi.remove_handle(curl)
            answered += 1
            if url := next(urls, None):
                curl.setopt(pycurl.URL, url)
                multi.add_handle(curl)
        kept.clear()
        if not finished:
            multi.select(1.0)
    return len(paths) / (time.perf_counter() - began)


async def pooled(base: str, ca_pem: bytes, paths: list[str]) -> float:
    pool = HttpTwoPool(base, None, None, ca_pem, STREAMS)
    began = time.perf_counter()
    answers = await pool.post_many([PushRequest(path, HEADERS, b"{}") for path in paths])
    spent = time.perf_counter() - began
    assert all(isinstance(answer, PoolAnswer) and answer.status == 404 for answer in answers)
    await pool.close()
    return len(paths) / spent


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pushes", type=int, default=60_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--json", action="store_true", help="one line of figures")
    chosen = arguments.parse_args()
    rates: dict[str, list[float]] = {"bare": [], "pool": [], "pool_uvloop": []}
    with nghttpd() as (base, ca_pem):
        for _ in range(chosen.rounds):
            paths = [f"/3/device/{os.urandom(32).hex()}" for _ in range(chosen.pushes)]
            rates["bare"].append(bare(base, ca_pem, paths))
            rates["pool"].append(asyncio.run(pooled(base, ca_pem, paths)))
            rates["pool_uvloop"].append(uvloop.run(pooled(base, ca_pem, paths)))
    median = {name: statistics.median(values) for name, values in rates.items()}
    figures: dict[str, float] = {f"{name}_pushes_per_second": round(value) for name, value in median.items()}
    figures |= {
        "ratio_pool_to_bare": round(statistics.median(p / b for p, b in zip(rates["pool"], rates["bare"], strict=True)), 3),
        "ratio_pool_uvloop_to_bare": round(
            statistics.median(p / b for p, b in zip(rates["pool_uvloop"], rates["bare"], strict=True)), 3
        ),
        "pushes": chosen.pushes,
    }
    print(json.dumps(figures) if chosen.json else "\n".join(f"{name:32} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
