"""Whatever the guard accepts, libcurl and urllib must read the same way: a second reading is a hole.

The judge is libcurl itself. It is told to use a proxy on loopback, and says in its CONNECT line whom it wants to reach;
the proxy writes that down and hangs up, so nothing leaves the machine.
"""

import re
import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

import pycurl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from billfold.outgoing.errors import Refused
from billfold.outgoing.guard import IPAddress, Role, Target, check_url


class Proxy:
    """Notes the target of each CONNECT and refuses it."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.wanted: list[str] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (chunk := connection.recv(65_536)):
                    head += chunk
                self.wanted.append(head.split(b"\r\n")[0].decode("latin-1"))
                connection.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    judge = Proxy()
    yield judge
    judge.close()


def libcurl_reads(proxy: Proxy, url: str) -> tuple[IPAddress | str, int]:
    """Host and port as libcurl understands `url`."""
    proxy.wanted.clear()
    curl = pycurl.Curl()
    for option, value in (
        (pycurl.URL, url),
        (pycurl.PROXY, f"http://127.0.0.1:{proxy.port}"),
        (pycurl.NOPROXY, ""),
        (pycurl.HTTPPROXYTUNNEL, 1),
        (pycurl.NOSIGNAL, 1),
        (pycurl.TIMEOUT, 10),
    ):
        curl.setopt(option, value)
    with pytest.raises(pycurl.error):
        curl.perform()
    curl.close()
    (line,) = proxy.wanted
    found = re.fullmatch(r"CONNECT \[?([^\s\]]+)\]?:(\d+) HTTP/1\.1", line)
    assert found is not None
    try:
        return ip_address(found[1]), int(found[2])
    except ValueError:
        return found[1], int(found[2])


pieces = st.sampled_from(
    [
        "https://",
        "http://",
        "HTTPS://",
        "https:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "?",
        "#",
        "[",
        "]",
        "%",
        ".",
        "..",
        "-",
        "_",
        "a.example",
        "b.example",
        "localhost",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "::1",
        "[::1]",
        "[2a00::1]",
        "8.8.8.8",
        "443",
        "80",
        ":443",
        ":8443",
        ":0",
        "%2e",
        "%40",
        "%00",
        "ü",
        "ß",
        "。",
        "．",
        "①",
        "xn--mnchen-3ya",
        "user:pw@",
        "x",
        "0",
        "é",
        "Ａ",
        "İ",
        "ſ",
        "K",
        "℡",
        ";",
        "&",
        "|",
        "^",
    ]
) | st.sampled_from(("\t", "\n", " ", "\u200d", "\u00ad"))
built = st.lists(pieces, min_size=1, max_size=8).map("".join)
hosts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
urls = st.one_of(
    built,
    built.map("https://".__add__),
    st.builds("https://{}.example/{}".format, hosts, built),
    st.builds("https://{}:{}/".format, hosts, st.integers(0, 70_000)),
    st.builds("http://{}".format, st.ip_addresses(v=4)),
    st.builds("http://[{}]:{}/{}".format, st.ip_addresses(v=6), st.integers(1, 65_535), hosts),
)


@given(urls)
@example("https://a.example\\@b.example/")
@example("https://a.example:443:80/")
@example("https://a.example%2eb.example/")
@example("https://[::ffff:8.8.8.8]:8443/")
@example("https://MÜNCHEN.example?@b.example/")
@example("https://a.example//b.example/../x")
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_libcurl_and_urllib_read_an_accepted_address_as_the_guard_does(proxy: Proxy, url: str) -> None:
    for role in Role:
        try:
            target = check_url(url, role=role)
        except Refused:
            continue
        assert libcurl_reads(proxy, target.url) == (target.address or target.host, target.port)
        _urllib_agrees(target)


def _urllib_agrees(target: Target) -> None:
    split = urlsplit(target.url)
    assert (split.scheme, split.hostname) == (target.scheme, target.host)
    assert (split.port or (443 if target.scheme == "https" else 80)) == target.port
    assert (split.path + ("?" + split.query if "?" in target.path else "")) == target.path
    assert (split.username, split.password, split.fragment) == (None, None, "")


def test_the_judge_does_see_a_second_reading(proxy: Proxy) -> None:
    assert libcurl_reads(proxy, "https://a.example@b.example:8443/") == ("b.example", 8443)
