"""`billfold preview`: a picture from a file or a stored pass, and one clear line when there is none to draw."""

import json
from pathlib import Path

import pytest
from PIL import Image

from billfold.cli.preflight import MARKER
from cli.test_main import billfold, complaint

CARD = {"description": "Card", "primary": [{"label": "CARD", "value": "Rewards"}], "barcode": {"format": "QR", "message": "1"}}


@pytest.mark.requirement("S3-39")
def test_a_content_in_a_file_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(json.dumps({"content": CARD}))
    done = billfold("preview", "card.json", "--wallet", "google", "-o", "card.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "card.png").width == 750
    assert (tmp_path / "data" / MARKER).exists(), "the folder that it made is ours: a server starts in it"
    done = billfold("preview", "card.json", "-o", "card.svg", cwd=tmp_path)
    assert "Rewards" in (tmp_path / "card.svg").read_text()


def test_what_cannot_be_drawn_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text(json.dumps(CARD | {"barcode": {"format": "EAN13", "message": "1"}}))
    (tmp_path / "wrong.json").write_text(json.dumps({"description": 5}))
    assert "barcode.message" in complaint(billfold("preview", "odd.json", cwd=tmp_path))
    assert "description" in complaint(billfold("preview", "wrong.json", cwd=tmp_path))
    assert "no such file" in complaint(billfold("preview", "none.json", cwd=tmp_path))
    assert "no such pass" in complaint(billfold("preview", "demo00t-5HqXbJ7ZkT2mVw9cRn4LdY", cwd=tmp_path))
    assert not (tmp_path / "preview.png").exists()
