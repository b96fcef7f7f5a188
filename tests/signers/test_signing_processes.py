"""Signers in processes of their own: the same signatures, whatever happens to the processes, and keys nowhere else.

`PATIENCE` bounds a wait that has no end of its own; no test here is about speed."""

import asyncio
import contextlib
import hashlib
import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import lru_cache
from pathlib import Path

import psutil
import pytest
import uvloop
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from billfold.domain.errors import Unavailable
from billfold.domain.signing import SigningKey, ToSign
from billfold.signers import pool as pools
from billfold.signers.child import NICE
from billfold.signers.pool import SigningProcesses
from billfold.signers.threads import SigningThreads
from judges import judge

PATIENCE = 60.0


@lru_cache(maxsize=8)
def rsa_key(bits: int, number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def signing_key(bits: int = 2048, number: int = 0) -> SigningKey:
    return SigningKey(pem(rsa_key(bits, number)))


def asked(key: SigningKey, text: bytes) -> ToSign:
    return ToSign(key, hashlib.sha256(text).digest())


def expected(text: bytes, bits: int = 2048, number: int = 0) -> bytes:
    return rsa_key(bits, number).sign(text, padding.PKCS1v15(), hashes.SHA256())


async def until(fulfilled: object) -> None:
    assert callable(fulfilled)
    async with asyncio.timeout(PATIENCE):
        while not fulfilled():  # noqa: ASYNC110  (nothing announces what a process does)
            await asyncio.sleep(0.01)


@pytest.fixture
async def signers() -> AsyncIterator[SigningProcesses]:
    made = SigningProcesses(2)
    yield made
    await made.close()


# --- signatures -------------------------------------------------------------------------------------------------------------------


def test_a_signature_is_what_openssl_writes_byte_by_byte(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(signing_key().pem)
    (tmp_path / "text").write_bytes(b"what is signed")
    command = [judge("openssl"), "dgst", "-sha256", "-sign", "key.pem", "text"]
    theirs = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout

    async def ours() -> list[bytes]:
        signers = SigningProcesses(1)
        try:
            return await signers([asked(signing_key(), b"what is signed")])
        finally:
            await signers.close()

    assert asyncio.run(ours()) == [theirs]
    assert uvloop.run(ours()) == [theirs]  # the loop that serves has transports of its own kind


@pytest.mark.parametrize("bits", [3072, 4096])
async def test_longer_keys_are_signed_with_too(signers: SigningProcesses, bits: int) -> None:
    assert await signers([asked(signing_key(bits), b"x")]) == [expected(b"x", bits)]


async def test_each_gets_its_own_signatures_in_the_order_asked(signers: SigningProcesses) -> None:
    keys = [signing_key(number=number) for number in range(3)]

    async def one(index: int) -> None:
        texts = [b"%d.%d" % (index, part) for part in range(1 + index % 3)]
        wanted = [asked(keys[(index + part) % 3], text) for part, text in enumerate(texts)]
        assert await signers(wanted) == [expected(text, number=(index + part) % 3) for part, text in enumerate(texts)]

    await asyncio.gather(*map(one, range(300)))


@pytest.mark.parametrize(("lanes", "each", "given"), [(8, 1, [16, 1]), (8, 2, [32, 2]), (8, 4, [36, 32]), (0, 1, [9, 8])])
async def test_a_process_that_signs_in_rounds_is_given_some_before_the_next_has_any(
    signers: SigningProcesses, lanes: int, each: int, given: list[int]
) -> None:
    key = signing_key()
    await asyncio.gather(*(signers([asked(key, b"first")]) for _ in range(40)))
    await until(lambda: len(signers.child_pids) == 2)
    children = signers._children
    for child in children:
        child.lanes = lanes
    under_way = [signers([asked(key, b"x")] * each) for _ in range(17)]
    assert [child.items for child in children] == given
    assert await asyncio.gather(*under_way) == [[expected(b"x")] * each] * 17
    assert [child.items for child in children] == [0, 0]


async def test_signatures_give_way_to_the_event_loop(signers: SigningProcesses) -> None:
    await signers([asked(signing_key(), b"first")])
    await until(lambda: len(signers.child_pids) == 2)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    nice = min(own + NICE, 19)
    groups = [Path(f"/proc/{pid}/autogroup") for pid in signers.child_pids]
    await until(lambda: all(os.getpriority(os.PRIO_PROCESS, pid) == nice for pid in signers.child_pids))
    await until(lambda: all(not one.exists() or one.read_text().endswith(f" nice {NICE}\n") for one in groups))
    assert await signers([asked(signing_key(), b"second")]) == [expected(b"second")]


def test_a_full_round_is_signed_while_the_loop_is_at_something_else() -> None:
    """A transport of uvloop would send nothing before the end of the loop's turn."""

    async def busy() -> None:
        signers = SigningProcesses(1)
        key = signing_key()
        await signers([asked(key, b"first")])
        (child,) = signers._children
        under_way = [signers([asked(key, b"x")] * 2) for _ in range(max(child.lanes // 2, 1))]
        answered, _, _ = select.select([child._channel], [], [], PATIENCE)
        assert answered
        assert await asyncio.gather(*under_way) == [[expected(b"x")] * 2] * len(under_way)
        await signers.close()

    uvloop.run(busy())


async def test_threads_give_the_same_signatures() -> None:
    threads = SigningThreads(2)
    wanted = [asked(signing_key(), b"a"), asked(signing_key(number=1), b"b")]
    assert await threads(wanted) == [expected(b"a"), expected(b"b", number=1)]
    await threads.close()


async def test_a_caller_that_gives_up_leaves_the_others_their_answers(signers: SigningProcesses) -> None:
    key = signing_key()
    tasks = [asyncio.ensure_future(signers([asked(key, b"%d" % number)])) for number in range(100)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    for number, task in list(enumerate(tasks))[1::2]:
        assert await task == [expected(b"%d" % number)]


# --- what happens to the processes ------------------------------------------------------------------------------------------------


async def test_work_of_a_process_that_dies_is_done_by_another(signers: SigningProcesses, caplog: pytest.LogCaptureFixture) -> None:
    key = signing_key()
    await signers([asked(key, b"warm")])
    await until(lambda: len(signers.child_pids) == 2)
    before = signers.child_pids
    tasks = [asyncio.ensure_future(signers([asked(key, b"%d" % number)])) for number in range(400)]
    for pid in before:  # one after the other, in the middle of the work
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert await asyncio.gather(*tasks) == [[expected(b"%d" % number)] for number in range(400)]
    await until(lambda: len(signers.child_pids) == 2)
    assert not set(signers.child_pids) & set(before)
    assert "signers.ended" in caplog.text


async def test_a_process_that_died_idle_is_replaced_before_it_is_needed(signers: SigningProcesses) -> None:
    await signers([asked(signing_key(), b"warm")])
    await until(lambda: len(signers.child_pids) == 2)
    first = signers.child_pids[0]
    os.kill(first, signal.SIGKILL)
    await until(lambda: len(signers.child_pids) == 2 and first not in signers.child_pids)
    assert await signers([asked(signing_key(), b"after")]) == [expected(b"after")]


async def test_work_of_a_process_that_stands_still_is_done_by_another() -> None:
    signers = SigningProcesses(1, stuck_seconds=0.5)
    try:
        await signers([asked(signing_key(), b"warm")])
        [stuck] = signers.child_pids
        os.kill(stuck, signal.SIGSTOP)
        async with asyncio.timeout(PATIENCE):
            assert await signers([asked(signing_key(), b"late")]) == [expected(b"late")]
        assert stuck not in signers.child_pids
    finally:
        await signers.close()


async def test_requests_are_refused_when_no_process_can_live(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "child.py"
    broken.write_text("raise SystemExit(1)")
    monkeypatch.setattr(pools, "_CHILD", broken)
    signers = SigningProcesses(1)
    try:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(Unavailable):
                await signers([asked(signing_key(), b"x")])
        monkeypatch.undo()  # and it mends itself
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(Unavailable):
                    assert await signers([asked(signing_key(), b"x")]) == [expected(b"x")]
                    break
    finally:
        await signers.close()


async def test_more_than_may_wait_is_refused_and_the_rest_is_served() -> None:
    signers = SigningProcesses(1, waiting_max=10)
    try:
        await signers([asked(signing_key(), b"warm")])
        [pid] = signers.child_pids
        os.kill(pid, signal.SIGSTOP)
        room = pools.AHEAD_MAX + 10
        tasks = [asyncio.ensure_future(signers([asked(signing_key(), b"%d" % number)])) for number in range(room)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await signers([asked(signing_key(), b"one too many")])
        os.kill(pid, signal.SIGCONT)
        assert await asyncio.gather(*tasks) == [[expected(b"%d" % number)] for number in range(room)]
    finally:
        await signers.close()


async def test_closing_ends_the_processes_and_tells_who_waits() -> None:
    signers = SigningProcesses(2)
    await signers([asked(signing_key(), b"warm")])
    await until(lambda: len(signers.child_pids) == 2)
    pids = signers.child_pids
    tasks = [asyncio.ensure_future(signers([asked(signing_key(), b"%d" % number)])) for number in range(200)]
    await asyncio.sleep(0)
    await signers.close()
    await signers.close()
    async with asyncio.timeout(PATIENCE):
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(one, list | Unavailable) for one in answers)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(Unavailable):
        await signers([asked(signing_key(), b"late")])


PARENT = """
import asyncio, hashlib, sys
from billfold.domain.signing import SigningKey, ToSign
from billfold.signers.pool import SigningProcesses

async def main():
    signers = SigningProcesses(2)
    await signers([ToSign(SigningKey(sys.stdin.buffer.read()), hashlib.sha256(b"x").digest())])
    while len(signers.child_pids) < 2:
        await asyncio.sleep(0.01)
    print(*signers.child_pids, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_the_processes_end_with_a_server_that_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdin
    assert parent.stdout
    parent.stdin.write(signing_key().pem)
    parent.stdin.close()
    pids = list(map(int, (await parent.stdout.readline()).split()))
    assert len(pids) == 2
    parent.kill()
    await parent.wait()
    await until(lambda: not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids))


# --- keys -------------------------------------------------------------------------------------------------------------------------


async def test_a_key_is_handed_over_once_to_each_process_and_forgotten_when_nobody_holds_it(signers: SigningProcesses) -> None:
    key = signing_key()
    for _ in range(3):
        await asyncio.gather(*(signers([asked(key, b"x")]) for _ in range(40)))  # more than one process has at a time
    children = signers._children
    assert [child._keys for child in children] == [{1}, {1}]
    del key
    await until(lambda: [child._keys for child in children] == [set(), set()])
    assert await signers([asked(signing_key(), b"x")]) == [expected(b"x")]


async def test_keys_are_in_no_command_line_environment_file_or_log(
    signers: SigningProcesses, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("BILLFOLD_DATABASE_URL", "postgresql://someone:a-password@host/name")
    key = signing_key()
    await signers([asked(key, b"x")])
    killed = signers.child_pids[0]
    os.kill(killed, signal.SIGKILL)
    await until(lambda: len(signers.child_pids) == 2 and killed not in signers.child_pids)
    middle = key.pem.splitlines()[5].decode()
    for pid in signers.child_pids:
        process = psutil.Process(pid)
        assert process.cmdline()[1:] == ["-I", str(Path(pools.__file__).with_name("child.py"))]
        assert set(process.environ()) <= {"LANG", "PATH", "MALLOC_ARENA_MAX", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
        await until(lambda process=process: process.open_files() == [])  # while it starts, modules are
    assert middle not in caplog.text
    assert middle not in repr(key) + repr(asked(key, b"x"))
