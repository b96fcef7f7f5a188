"""Several finished bundles as one download, a .pkpasses: a plain zip of .pkpass files. Pure: equal input gives equal bytes.

Phones take it since iOS 15, in Safari. Source: reference/apple-wallet.md section 1.6. May not enter: making bundles (bundle.py)."""

import io
import zipfile
from collections.abc import Sequence

from billfold.domain.errors import FieldProblem, Invalid
from billfold.wallets.apple.predicates import BUNDLE_BYTES_MAX, BUNDLE_PASSES_MAX

_FIRST_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


def pack(bundles: Sequence[tuple[str, bytes]]) -> bytes:
    """`bundles`: (name without ending, bytes), 1 to 10 of them. Stored, since their pictures are packed already.

    Raises Invalid when they are more than phones take."""
    if len(bundles) > BUNDLE_PASSES_MAX:
        text = f"phones take at most {BUNDLE_PASSES_MAX} passes at once"
        raise Invalid(FieldProblem("ids", "too_many", text, "hand out the rest by another link"))
    if sum(len(data) for _, data in bundles) > BUNDLE_BYTES_MAX:
        text = f"together the passes have more than {BUNDLE_BYTES_MAX // 1024**2} MB"
        raise Invalid(FieldProblem("ids", "too_large", text, "hand out fewer at once, or passes with smaller pictures"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in bundles:
            entry = zipfile.ZipInfo(f"{name}.pkpass", _FIRST_DATE)
            entry.create_system, entry.external_attr = 3, _MODE
            archive.writestr(entry, data)
    return buffer.getvalue()
