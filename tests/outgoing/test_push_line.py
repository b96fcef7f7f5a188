"""Line: what libcurl leaves lying, and does not come back to by itself."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pycurl

from billfold.outgoing.push_line import Line
from outgoing.servers import certificate

SERVER = certificate("localhost", "127.0.0.1")
OK = [(":status", "200")]


class Answers:
    """A server in a thread of its own. The first request is answered at once; of three more the second, and when it is told to go
    on, the last and the first, in a TLS record each."""

    def __init__(self, folder: Path) -> None:
        self.go_on, self.written = threading.Event(), threading.Event()
        self._tls = SERVER.context(folder)
        self._tls.set_alpn_protocols(["h2"])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self.go_on.set()
            self._thread.join()
            self._listener.close()

    def _serve(self) -> None:
        bare, _ = self._listener.accept()
        bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._tls.wrap_socket(bare, server_side=True) as line:
            state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            state.initiate_connection()
            (first,) = self._requests(line, state, 1)
            state.send_headers(first, OK, end_stream=True)
            one, two, three = self._requests(line, state, 3)
            state.send_headers(two, OK)
            state.send_data(two, b"body", end_stream=True)
            line.sendall(state.data_to_send())
            self.go_on.wait(30)
            for stream in (three, one):
                state.send_headers(stream, OK, end_stream=True)
                line.sendall(state.data_to_send())
            self.written.set()
            while line.recv(65536):  # until the client hangs up
                pass

    def _requests(self, line: socket.socket, state: h2.connection.H2Connection, count: int) -> list[int]:
        ended: list[int] = []
        while len(ended) < count:
            line.sendall(state.data_to_send())
            events = state.receive_data(line.recv(65536))
            ended += [event.stream_id for event in events if isinstance(event, h2.events.StreamEnded)]
        return ended


async def test_an_answer_that_came_with_that_of_the_last_handle_is_heard(tmp_path: Path) -> None:
    """libcurl looks at its handles in turn. Here the first has found nothing more to read when the answers of the last and the
    first arrive; the last takes both out of the socket, reads its own and is done. Nobody would look at what it left."""
    server = Answers(tmp_path)
    ended: list[tuple[str, str]] = []
    waiting = asyncio.Event()

    def finished(line: Line[str], now: Sequence[tuple[str, pycurl.error | None]]) -> None:
        ended.extend((name, str(error or "")) for name, error in now)
        waiting.set()

    def handle() -> pycurl.Curl:
        curl = pycurl.Curl()
        for option, value in (
            (pycurl.URL, f"https://127.0.0.1:{server.port}/"),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
            (pycurl.PIPEWAIT, 1),
            (pycurl.CAINFO_BLOB, SERVER.pem),
            (pycurl.TIMEOUT_MS, 5_000),
            (pycurl.WRITEFUNCTION, lambda chunk: None),
        ):
            curl.setopt(option, value)
        return curl

    def progress(_: int, received: int, *__: int) -> None:
        """libcurl calls it when it has come to the second handle, and so is through with the first."""
        if received:
            server.go_on.set()
            server.written.wait(5)

    with server.serving():
        multi = pycurl.CurlMulti()
        multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        line: Line[str] = Line(multi, finished)
        line.start(handle(), "greeting")
        await waiting.wait()
        second = handle()
        second.setopt(pycurl.NOPROGRESS, 0)
        second.setopt(pycurl.XFERINFOFUNCTION, progress)
        for curl, name in ((handle(), "first"), (second, "second"), (handle(), "last")):
            line.start(curl, name)
        while len(ended) < 4:
            waiting.clear()
            await waiting.wait()
        line.close()
    assert sorted(ended) == [("first", ""), ("greeting", ""), ("last", ""), ("second", "")]
