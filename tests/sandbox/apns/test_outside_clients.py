"""The push stand-in under the clients of the nghttp2 project: what they say about its HTTP/2."""

import asyncio
import ssl
from pathlib import Path

from billfold.sandbox.apns.server import PushServer
from judges import judge
from sandbox.apns.sender import HEADERS, TOKEN, Sender


async def test_nghttp_sees_a_clean_exchange(sender: Sender, push_server: PushServer, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"{}")
    process = await asyncio.create_subprocess_exec(
        judge("nghttp"),
        "-v",
        "-n",
        f"--cert={sender.folder / 'chain.pem'}",
        f"--key={sender.folder / 'key.pem'}",
        f"--data={tmp_path / 'body'}",
        *[f"--header={name}: {value}" for name, value in HEADERS.items()],
        f"https://127.0.0.1:{push_server.port}/3/device/{TOKEN}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    assert ":status: 200" in said
    assert "apns-id: " in said
    assert "SETTINGS_MAX_CONCURRENT_STREAMS(0x03):1000" in said
    assert "INVALID" not in said.upper()
    assert "GOAWAY" not in said.split(":status: 200")[0]


async def test_tls_is_1_2_or_newer_and_http2_is_negotiated(sender: Sender, push_server: PushServer) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=str(sender.folder / "root.pem"))
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2"])
        context.load_cert_chain(sender.folder / "chain.pem", sender.folder / "key.pem")
        _, writer = await asyncio.open_connection("127.0.0.1", push_server.port, ssl=context)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        writer.close()
