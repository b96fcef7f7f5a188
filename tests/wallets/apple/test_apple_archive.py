"""Hostile and odd archives: each is opened without harm, within bounds, and what is odd about it is said."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billfold.wallets.apple.archive import Limits, unpack
from billfold.wallets.apple.findings import SAME_CODE_MAX, Findings
from billfold.wallets.apple.reader import LIMITS, Kind, open_file
from wallets.apple.foreign import files_of, packed, zipped

GOOD = {"pass.json": b"{}", "icon.png": b"png" * 100}


def seen(data: bytes, limits: Limits = LIMITS) -> tuple[dict[str, bytes], set[str]]:
    found = Findings()
    return unpack(data, limits, found).files, {one.code for one in found.all()}


def entry(name: str, data: bytes, mode: int = 0, flags: int = 0, method: int = zipfile.ZIP_STORED) -> bytes:
    """One archive with one entry whose directory record says anything."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        info.create_system = 3
        info.compress_type = method
        archive.writestr(info, data)
    raw = bytearray(out.getvalue())
    central = raw.index(b"PK\1\2")
    raw[6:8] = struct.pack("<H", struct.unpack_from("<H", raw, 6)[0] | flags)
    raw[central + 8 : central + 10] = struct.pack("<H", struct.unpack_from("<H", raw, central + 8)[0] | flags)
    return bytes(raw)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_plain_archive_is_read_without_a_word(method: int) -> None:
    assert seen(zipped(GOOD, method)) == (GOOD, set())


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\x", "C:x", "a\\b", "a//b", ".", "a\nb", "x" * 256]
)
def test_names_that_lead_out_of_the_archive_are_left_alone(name: str) -> None:
    files, codes = seen(entry(name, b"x"))
    assert files == {}
    assert codes == {"archive_unsafe_path"}


def test_links_are_not_followed() -> None:
    assert seen(entry("pass.json", b"/etc/passwd", mode=0o120777)) == ({}, {"archive_symlink"})


def test_encrypted_entries_are_named() -> None:
    assert seen(entry("pass.json", b"{}", flags=0x1)) == ({}, {"archive_encrypted"})


def test_other_ways_of_packing_are_named() -> None:
    assert seen(entry("pass.json", b"{}" * 99, method=zipfile.ZIP_LZMA)) == ({}, {"archive_method"})


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_with_one_name_the_first_is_kept() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("pass.json", b"first")
        archive.writestr("pass.json", b"second")
    assert seen(out.getvalue()) == ({"pass.json": b"first"}, {"archive_name_twice"})


def test_sizes_behind_the_data_are_read_and_told() -> None:
    class Pipe(io.RawIOBase):
        """Cannot seek, so that the packer writes data descriptors."""

        def __init__(self) -> None:
            self.written = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.written += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        for name, data in GOOD.items():
            archive.writestr(name, data)
    assert seen(bytes(pipe.written)) == (GOOD, {"archive_data_descriptor"})
    files, codes = seen(bytes(pipe.written)[:-40])  # its directory is cut off
    assert (files, "archive_truncated" in codes) == (GOOD, True)


def test_zip64_is_read_and_told() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("pass.json", "w", force_zip64=True) as file:
        file.write(b"{}")
    plain = out.getvalue()
    end = plain.rindex(b"PK\5\6")
    count, size, offset = struct.unpack_from("<H2L", plain, end + 10)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    narrow = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert seen(plain[:end] + wide + locator + narrow) == ({"pass.json": b"{}"}, {"archive_zip64"})


def test_archives_one_after_another_and_bytes_around_them() -> None:
    data = zipped(GOOD)
    assert seen(b"junk" * 9 + data) == (GOOD, {"archive_leading_bytes"})
    assert seen(data + b"junk") == (GOOD, {"archive_trailing_bytes"})
    assert seen(zipped({"other": b"x"}) + data)[0] == GOOD


@pytest.mark.parametrize("cut", [1, 10, 22, 60, 130])
def test_what_is_left_of_a_truncated_archive_is_read(cut: int) -> None:
    files, codes = seen(zipped(GOOD)[:-cut])
    assert "archive_truncated" in codes
    assert files["pass.json"] == b"{}"


def test_folders_are_told_and_no_files() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.mkdir("de.lproj")
        archive.writestr("pass.json", b"{}")
    assert seen(out.getvalue()) == ({"pass.json": b"{}"}, {"archive_folder_entry"})


def test_wrong_checksums_are_told_and_the_file_kept() -> None:
    data = bytearray(zipped(GOOD, zipfile.ZIP_STORED))
    data[data.index(b"{}")] = ord("[")
    files, codes = seen(bytes(data))
    assert (files["pass.json"], codes) == (b"[}", {"archive_checksum"})


def test_names_that_differ_between_header_and_directory_are_told() -> None:
    data = bytearray(zipped(GOOD))
    data[data.index(b"pass.json")] = ord("q")
    assert "archive_names_differ" in seen(bytes(data))[1]


# --- bombs ------------------------------------------------------------------------------------------------------------------------


def bounded(data: bytes) -> set[str]:
    """What is said of it; opening may keep no more than its budget in memory."""
    tracemalloc.start()
    opened = open_file(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LIMITS.unpacked_bytes_max + 3 * LIMITS.entry_bytes_max + 2 * len(data)
    return {one.code for checked in opened.passes for one in checked.findings} | {one.code for one in opened.findings}


def test_a_file_that_unpacks_to_everything_is_stopped() -> None:
    assert "archive_bomb" in bounded(zipped({"pass.json": b"{}", "a.png": bytes(100_000_000)}))


def test_many_files_that_unpack_to_much_share_one_budget() -> None:
    one = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed_ = one.compress(bytes(16_000_000)) + one.flush()
    assert "archive_bomb" in bounded(zipped({f"{number}.png": bytes(16_000_000) for number in range(12)}))
    assert len(packed_) < 20_000


def test_entries_that_share_their_bytes_are_refused() -> None:
    """One kernel of zeros, quoted by many directory records: megabytes to petabytes."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = kernel.compress(bytes(10_000_000)) + kernel.flush()
    data, directory = b"", b""
    for number in range(100):
        name = f"{number}".encode()
        data += struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(body), 10_000_000, len(name), 0) + name
    start = 0
    for number in range(100):
        name = f"{number}".encode()
        record = (
            b"PK\1\2",
            20,
            3,
            20,
            0,
            0,
            8,
            0,
            0,
            0,
            len(body) + len(data) - start,
            10_000_000,
            len(name),
            0,
            0,
            0,
            0,
            0,
            start,
        )
        directory += struct.pack("<4s4B4H3L5H2L", *record) + name
        start += 30 + len(name)
    whole = data + body
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 100, 100, len(directory), len(whole), 0)
    assert "archive_overlapping" in bounded(whole + directory + end)


def test_a_million_entries_are_counted_and_not_read() -> None:
    record = struct.pack("<4s4B4H3L5H2L", b"PK\1\2", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    size = len(record) * 400_000
    header = zipped({"a": b""})[:31]
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, size, len(header))
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(header) + size, 1)
    narrow = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert "archive_too_many_entries" in bounded(header + record * 400_000 + wide + locator + narrow)


def test_archives_inside_archives_are_opened_one_deep() -> None:
    inner = zipped({"pass.json": b"{}"})
    for _ in range(20):
        inner = zipped({"a.pkpass": inner})
    opened = open_file(inner)
    assert opened.kind is Kind.PASSES
    assert [one.document for one in opened.passes] == [None]


def test_a_file_that_is_too_large_is_not_touched() -> None:
    assert seen(bytes(LIMITS.bytes_max + 1)) == ({}, {"archive_too_large"})


def test_a_report_stays_short_whatever_the_archive() -> None:
    found = Findings()
    unpack(zipped({f"../{number}": b"" for number in range(500)}), LIMITS, found)
    assert len(found.all()) == SAME_CODE_MAX
    assert "and 480 more such" in found.all()[-1].message


# --- anything at all --------------------------------------------------------------------------------------------------------------

BASE = packed(files_of())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_opened_without_an_exception(data: bytes) -> None:
    open_file(data)
    open_file(b"PK\3\4" + data)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(BASE) - 1), st.integers(0, 255)), min_size=1, max_size=20), st.integers(0, 400))
def test_a_pass_with_any_bytes_changed_is_opened_without_an_exception(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(BASE)
    for place, byte in changes:
        data[place] = byte
    open_file(bytes(data[: len(data) - cut]))


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=20)  # packers cut at NUL


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=8))
def test_what_a_packer_packs_the_reader_reads_or_names(files: dict[str, bytes]) -> None:
    read, codes = seen(zipped(files))
    if not codes:
        assert read == files
    assert set(read.items()) <= set(files.items())
