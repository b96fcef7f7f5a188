"""Stands between a client and a PostgreSQL server, and breaks connections off as a failing network does.

May not enter: Billfold."""

import contextlib
import socket
import struct
import threading
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict


class Relay:
    """`url` leads through it. `cut` resets every connection; `refuse` also takes no new one until `accept`."""

    def __init__(self, url: str) -> None:
        given = conninfo_to_dict(url)
        self._host, self._port = str(given.get("host") or "127.0.0.1"), int(given.get("port") or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._refusing = False
        user, password = quote(str(given.get("user") or "postgres")), quote(str(given.get("password") or ""))
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://{user}:{password}@127.0.0.1:{port}/{given['dbname']}?sslmode=disable&gssencmode=disable"
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        with self._guard:
            for one in self._open:
                # Lingering for no time makes the system send a reset instead of an orderly end.
                with contextlib.suppress(OSError):
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            self._open.clear()

    def refuse(self) -> None:
        self._refusing = True
        self.cut()

    def accept(self) -> None:
        self._refusing = False

    def close(self) -> None:
        self.refuse()
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._refusing:
                    client.close()
                    continue
                server = self._connect()
                with self._guard:
                    self._open |= {client, server}
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _connect(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.connect(str(Path(self._host) / f".s.PGSQL.{self._port}"))
        return server

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
