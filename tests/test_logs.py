"""Logs: structured, and without secrets whatever way they come."""

import io
import json
import logging
import pickle
from collections.abc import Iterator

import pytest
import structlog

from billfold.logs import Secret, configure, masked_text

KEY = "bf_live_abc123ABCDEFGHIJ0123456789abcdefghijABCDEFGHIJ012345678"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0\n-----END PRIVATE KEY-----"
SECRETS = [
    (KEY, "ABCDEFGHIJ"),
    (f"Authorization: ApplePass {KEY[8:30]}", KEY[8:30]),
    ("authorization: bearer abcdefgh", "abcdefgh"),
    (f"https://pay.google.com/gp/v/save/{JWT}", "c2lnbmF0dXJl"),
    (f"before {PEM} after", "MIIEvQ"),
    (PEM[:50], "MIIEvQ"),
    ("postgresql://me:hunter2@host/db", "hunter2"),
    ("token ya29.a0AfH6SMBx", "a0AfH6SMBx"),
]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Where a configured log writes; the configuration is taken back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("json", "info", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_is_masked_wherever_it_stands(lines: io.StringIO, text: str, secret: str) -> None:
    log = structlog.get_logger()
    log.info(text)
    log.info("event", detail=text, nested={"a": [text, (text,)]}, error=ValueError(text))
    log.info("bound", **{"x": text.encode()})
    try:
        raise RuntimeError(text)
    except RuntimeError:
        log.exception("failed")
        logging.getLogger("library").exception("failed in a library: %s", text)
    logging.getLogger("library").warning("%s", text)
    assert len(lines.getvalue().splitlines()) == 6
    assert secret not in lines.getvalue()


def test_what_is_named_a_secret_is_masked_whatever_it_looks_like(lines: io.StringIO) -> None:
    structlog.get_logger().warning("x", push_token="aa", password="bb", headers={"Authorization": "cc"}, token_count=5)
    entry = json.loads(lines.getvalue())
    assert (entry["push_token"], entry["password"], entry["headers"], entry["token_count"]) == (
        "***",
        "***",
        {"Authorization": "***"},
        5,
    )


def test_what_is_no_secret_stays_readable(lines: io.StringIO) -> None:
    structlog.get_logger().info("pass issued", pass_id="p_1", count=3, workspace="abc123", seconds=0.5, ok=True, none=None)
    entry = json.loads(lines.getvalue())
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "event": "pass issued",
        "level": "info",
        "pass_id": "p_1",
        "count": 3,
        "workspace": "abc123",
        "seconds": 0.5,
        "ok": True,
        "none": None,
    }


def test_libraries_speak_the_same_format_from_warning_up(lines: io.StringIO) -> None:
    logging.getLogger("lib").info("chatter")
    logging.getLogger("lib").error("trouble %d", 7)
    entry = json.loads(lines.getvalue())
    assert (entry["event"], entry["level"], entry["logger"]) == ("trouble 7", "error", "lib")


def test_a_line_for_people_holds_the_same_without_secrets() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure("console", "debug", stream)
        structlog.get_logger().debug("hello", key=KEY, answer=42)
    finally:
        structlog.reset_defaults()
        root.handlers[:], root.level = handlers, level
    assert "hello" in stream.getvalue()
    assert "answer=42" in stream.getvalue()
    assert "bf_live_***" in stream.getvalue()
    assert KEY not in stream.getvalue()


def test_a_secret_prints_as_stars_and_opens_by_name_only() -> None:
    secret = Secret("hunter2")
    assert f"{secret} {secret!r} {secret!s} {[secret]} {secret:>5}" == "*** *** *** [***]   ***"
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2") != Secret("hunter3")
    assert not Secret("")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_ordinary_words_are_not_mistaken_for_secrets() -> None:
    text = "the bearer; a pass; bf_test is a prefix; https://a.example/x@y; eyJ; -----BEGIN-----"
    assert masked_text(text) == text
