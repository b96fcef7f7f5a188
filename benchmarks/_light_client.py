"""Many clients in one thread on bare sockets, light enough that the client is not what is measured.

wrk is lighter still, and makes the closed loops; it tells neither what each client got nor keeps a given rate, which this does.
May not enter: what is asked."""

import select
import socket
import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from common import Load

_READ = 65_536


@dataclass
class _Line:
    """One client's connection. `since`: when its request was due, or was sent."""

    socket: socket.socket
    since: float = 0.0
    received: bytes = b""
    latencies: list[float] = field(default_factory=list)
    errors: int = 0

    def send(self, request: bytes, since: float) -> None:
        self.since = since
        self.socket.sendall(request)

    def answered(self) -> bool:
        """Reads what is there; True when the answer is whole."""
        read = self.socket.recv(_READ)
        if not read:
            raise ConnectionError("the server has closed a connection")
        self.received += read
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return False
        _, _, length = head.lower().partition(b"content-length: ")
        if len(body) < int(length.partition(b"\r\n")[0]):
            return False
        self.latencies.append((time.perf_counter() - self.since) * 1000)
        self.errors += not self.received.startswith(b"HTTP/1.1 20")
        self.received = b""
        return True


@dataclass(frozen=True)
class Told:
    """`counts`: answers to each client."""

    load: Load
    counts: list[int]


def run(address: tuple[str, int], made: Callable[[int], bytes], clients: int, seconds: float, rate: float = 0.0) -> Told:
    """Each client asks again when it is answered. With a `rate`, requests are due at fixed times whether or not the server
    keeps up, and a stall counts for all that it delays. `made`: a request by its place in the row."""
    lines = {one.fileno(): _Line(one) for one in (socket.create_connection(address) for _ in range(clients))}
    waiting = select.epoll()
    for number, line in lines.items():
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting.register(number, select.EPOLLIN)
    # In turn: the server closes a connection that nobody has used for some seconds.
    begun, sent, idle = time.perf_counter(), 0, deque(lines.values())
    total = int(rate * seconds) if rate else 10**12
    while True:
        now = time.perf_counter()
        while idle and sent < total and now < begun + seconds and (due := begun + sent / rate if rate else now) <= now:
            idle.popleft().send(made(sent), due)
            sent += 1
        if len(idle) == clients and (sent >= total or now >= begun + seconds):
            break
        pause = max(0.0, begun + sent / rate - now) if rate and idle and sent < total else 0.1
        for number, _ in waiting.poll(pause):
            if lines[number].answered():
                idle.append(lines[number])
    spent = time.perf_counter() - begun
    for line in lines.values():
        line.socket.close()
    latencies = sorted(one for line in lines.values() for one in line.latencies)
    errors = sum(line.errors for line in lines.values())
    load = Load(len(latencies) / spent, statistics.median(latencies), latencies[int(len(latencies) * 0.99)], errors)
    return Told(load, [len(line.latencies) for line in lines.values()])
