"""Bundles in pieces: the same bytes and the same base64 as of one string, and what is shared is one object."""

import base64
import sys

from hypothesis import example, given
from hypothesis import strategies as st

from billfold.domain.bundles import Bundle, Shared


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=4), st.binary(max_size=50))
@example([b"a", b"bc", b"", b"defg"], b"h")
@example([b""], b"")
def test_pieces_and_their_text_are_those_of_one_string(shared: list[bytes], own: bytes) -> None:
    kept: Shared | None = None
    for piece in shared:
        kept = Shared(piece, kept)
    assert kept is not None
    whole = b"".join(shared) + own
    bundle = Bundle(kept, own)
    assert bytes(bundle) == b"".join(bundle.pieces()) == whole
    assert len(bundle) == len(whole)
    for _ in range(2):  # made, and then kept
        assert b"".join(bundle.text()) == base64.b64encode(whole)


def test_what_bundles_share_is_neither_copied_nor_encoded_again() -> None:
    pictures = Shared(bytes(100_000))
    strings = Shared(b"strings", before=pictures)
    first, second = Bundle(pictures, b"one"), Bundle(strings, b"two")
    assert first.pieces()[0] is second.pieces()[0]
    assert first.text()[0] is second.text()[0]


def test_the_size_of_what_is_kept_covers_the_text_too() -> None:
    shared = Shared(bytes(100_000))
    (text, *_), _ = shared.text()
    assert shared.size >= sys.getsizeof(text) + 100_000 - 100
