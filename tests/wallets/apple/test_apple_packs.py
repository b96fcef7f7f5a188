"""Several bundles in one download, judged by unzip; and what phones would not take is refused before."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from billfold.domain.errors import Invalid
from billfold.wallets.apple.packs import pack
from billfold.wallets.apple.predicates import BUNDLE_BYTES_MAX, BUNDLE_PASSES_MAX
from judges import judge


def test_a_pack_holds_the_bundles_as_they_are_and_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    bundles = [(f"d3m0abt-{number}", bytes([number]) * 1000) for number in range(BUNDLE_PASSES_MAX)]
    data = pack(bundles)
    assert data == pack(bundles)
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert {name: archive.read(name) for name in archive.namelist()} == {f"{name}.pkpass": one for name, one in bundles}
    (tmp_path / "a.pkpasses").write_bytes(data)
    assert subprocess.run([judge("unzip"), "-t", "a.pkpasses"], cwd=tmp_path, capture_output=True).returncode == 0


def test_more_than_phones_take_is_refused() -> None:
    with pytest.raises(Invalid, match="at most 10"):
        pack([(str(number), b"") for number in range(BUNDLE_PASSES_MAX + 1)])
    half = bytes(BUNDLE_BYTES_MAX // 2 + 1)
    with pytest.raises(Invalid, match="150 MB"):
        pack([("a", half), ("b", half)])
