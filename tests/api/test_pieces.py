"""Answers in pieces: the bytes and headers of one string, and what is shared is sent as it is."""

import pytest
from starlette.background import BackgroundTask
from starlette.types import Message

from api.client import Client
from billfold.api.pieces import JOINED_BYTES_MAX, InPieces


@pytest.mark.parametrize("size", [0, 1, JOINED_BYTES_MAX - 3, JOINED_BYTES_MAX + 1])
async def test_the_answer_is_that_of_one_string(size: int) -> None:
    response = InPieces((bytes(size), b"own"), {"Cache-Control": "no-store"}, "application/vnd.apple.pkpass")
    answer = await Client(response).ask("GET", "/")
    assert answer.status == 200
    assert answer.body == bytes(size) + b"own"
    assert answer.headers["content-length"] == str(size + 3)
    assert answer.headers["content-type"] == "application/vnd.apple.pkpass"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_long_piece_is_sent_as_it_is_and_then_what_waits_for_the_answer_happens() -> None:
    sent: list[object] = []

    async def send(message: Message) -> None:
        sent.append(message.get("body", message.get("status")))

    async def receive() -> Message:
        raise AssertionError("nobody asks for the request")

    shared = bytes(JOINED_BYTES_MAX)
    response = InPieces((shared, b"own"), {}, "text/plain")
    response.background = BackgroundTask(sent.append, "after")
    await response({"type": "http"}, receive, send)
    assert sent == [200, shared, b"own", "after"]
    assert sent[1] is shared
