"""Reads the one file of a form (RFC 7578), of a body that is already bounded and in memory. Strict: what is odd is refused.

May not enter: what the file is, forms with fields beside it."""

import re
from typing import NoReturn

from billfold.api.strict_json import Malformed
from billfold.domain.errors import FieldProblem

_BOUNDARY = re.compile(r'boundary="?([0-9A-Za-z\'()+_,./:=? -]{1,70})"?(?:;|\Z)')
_DISPOSITION = re.compile(rb"^content-disposition:[ \t]*form-data\b([^\r\n]*)\r?$", re.IGNORECASE | re.MULTILINE)
_HEAD_BYTES_MAX = 8 * 1024


def only_file(content_type: str, body: bytes) -> bytes:
    """The content of the one part that has a file's name. Raises Malformed."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        _refuse("no_boundary", "the form names no boundary")
    mark = b"--" + found[1].strip().encode("ascii")
    parts = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(parts) < 3 or not parts[-1].startswith(b"--"):
        _refuse("form_cut_short", "the form has no end, or nothing in it")
    files = [content for head, content in map(_part, parts[1:-1]) if _is_file(head)]
    if len(files) != 1:
        _refuse("not_one_file", "the form must hold exactly one file")
    return files[0]


def _part(part: bytes) -> tuple[bytes, bytes]:
    line_end = part.find(b"\r\n")
    head_end = part.find(b"\r\n\r\n", 0, _HEAD_BYTES_MAX)
    if line_end < 0 or part[:line_end].strip(b" \t") or head_end < 0:
        _refuse("form_malformed", "a part of the form has no head")
    return part[line_end + 2 : head_end], part[head_end + 4 :]


def _is_file(head: bytes) -> bool:
    found = _DISPOSITION.search(head)
    return found is not None and b"filename" in found[1].lower()


def _refuse(code: str, message: str) -> NoReturn:
    mend = 'send multipart/form-data with one file, as `curl -F "file=@logo.png"` does, or the picture itself as the body'
    raise Malformed(FieldProblem("", code, message, mend))
