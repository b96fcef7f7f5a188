"""Opens any .pkpass, .pkpasses or pass.json leniently: what is there, and what is odd about it. bundle.py writes, strictly.

Never raises for bad input, never writes to disk; its work is bounded (archive.Limits). Of pictures the headers are read, no pixel.
May not enter: whether a pass is right (document_rules/, package_rules.py, signature_rules.py), settings, network."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from billfold.ports import Finding
from billfold.wallets.apple.archive import NOT_VALID, Limits, unpack
from billfold.wallets.apple.findings import Findings, plain
from billfold.wallets.apple.lenient_json import Json, read_object
from billfold.wallets.apple.png import ImageFacts, image_facts
from billfold.wallets.apple.predicates import BUNDLE_BYTES_MAX, BUNDLE_PASSES_MAX
from billfold.wallets.apple.strings import read_strings

PASS, MANIFEST, SIGNATURE, PERSONALIZATION = "pass.json", "manifest.json", "signature", "personalization.json"
LANGUAGES_MAX = 100
LIMITS = Limits()
BUNDLE_LIMITS = Limits(bytes_max=BUNDLE_BYTES_MAX, entry_bytes_max=LIMITS.bytes_max, unpacked_bytes_max=BUNDLE_BYTES_MAX)


class Kind(StrEnum):
    PASS = "pkpass"
    PASSES = "pkpasses"
    FOLDER = "folder"
    DOCUMENT = "pass.json"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReadPass:
    """One pass as it is in its file. `name`: of its entry in a .pkpasses, else empty.

    `strings`: language folder (`de.lproj`) → its texts. `images`: path → what its header says. `files`: everything, by path."""

    name: str
    document: dict[str, Json] | None
    files: Mapping[str, bytes] = field(default_factory=dict)
    manifest: dict[str, Json] | None = None
    strings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    personalization: dict[str, Json] | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def packed(self) -> bool:
        """It came as an archive, so that manifest, signature and pictures can be judged too."""
        return bool(self.files)


@dataclass(frozen=True, slots=True)
class Opened:
    """`findings`: about the file as a whole; each pass has its own."""

    kind: Kind
    passes: tuple[ReadPass, ...] = ()
    findings: tuple[Finding, ...] = ()


def open_file(data: bytes, limits: Limits = LIMITS) -> Opened:
    """Tells by its bytes what a file is, and reads it."""
    if data[:2] == b"PK":
        return _open_archive(data, limits)
    head = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if head[:1] in (b"{", b"[") or head[:2] in (b"//", b"/*"):
        return Opened(Kind.DOCUMENT, (read_document(data, limits),))
    return _open_archive(data, limits)


def read_document(data: bytes, limits: Limits = LIMITS) -> ReadPass:
    """A pass.json alone."""
    found = Findings()
    document = read_object(data, "", limits, found)
    return ReadPass("", document, findings=found.all())


def open_folder(files: Mapping[str, bytes], limits: Limits = LIMITS) -> Opened:
    """The files of a pass that is not packed, by their path in its folder. Who reads them keeps to `limits`."""
    found = Findings()
    return Opened(Kind.FOLDER, (_read_pass("", dict(files), limits, found),), ())


def _open_archive(data: bytes, limits: Limits) -> Opened:
    found = Findings()
    unpacked = unpack(data, BUNDLE_LIMITS if limits is LIMITS and _holds_passes(data) else limits, found)
    files = unpacked.files
    nested = [name for name in files if name.lower().endswith(".pkpass")]
    if nested and PASS not in files:
        return _open_bundle(files, nested, limits, found)
    if not unpacked.is_zip:
        return Opened(Kind.UNKNOWN, (), found.all())
    return Opened(Kind.PASS, (_read_pass("", files, limits, found),))


def _holds_passes(data: bytes) -> bool:
    """Whether it could be a .pkpasses, which may be larger, by the names in its directory."""
    return b".pkpass" in data[-65_536:]


def _open_bundle(files: dict[str, bytes], nested: list[str], limits: Limits, found: Findings) -> Opened:
    """Row 54. The passes share one budget; a bundle inside a bundle is not opened."""
    if len(nested) > BUNDLE_PASSES_MAX:
        text = f"the bundle holds more than {BUNDLE_PASSES_MAX} passes"
        found.error("", "bundle_too_many_passes", text, "make several bundles", "the bundle is refused")
    for name in files.keys() - {*nested}:
        found.warning(plain(name), "bundle_other_file", "this is no pass", "put .pkpass files alone into a bundle")
    passes, left = [], limits.unpacked_bytes_max
    for name in nested[:BUNDLE_PASSES_MAX]:
        inside = Findings()
        unpacked = unpack(files[name], replace(limits, unpacked_bytes_max=left), inside)
        left -= sum(map(len, unpacked.files.values()))
        passes.append(_read_pass(plain(name), unpacked.files, limits, inside))
    return Opened(Kind.PASSES, tuple(passes), found.all())


def _read_pass(name: str, given: dict[str, bytes], limits: Limits, found: Findings) -> ReadPass:
    files = _at_root(given, found)
    document = None
    if PASS in files:
        document = read_object(files[PASS], PASS, limits, found)
    elif not (found.has("not_an_archive") or found.has("archive_too_large") or found.speaks_of(PASS)):
        mend = "put pass.json at the top of the archive"
        found.error("", "document_missing", "the archive has no pass.json", mend, NOT_VALID)
    manifest = read_object(files[MANIFEST], MANIFEST, limits, found) if MANIFEST in files else None
    sign_up = read_object(files[PERSONALIZATION], PERSONALIZATION, limits, found) if PERSONALIZATION in files else None
    texts = [path for path in files if path.endswith(".lproj/pass.strings") and path.count("/") == 1]
    strings = {path.rpartition("/")[0]: read_strings(files[path], plain(path), limits, found) for path in texts[:LANGUAGES_MAX]}
    images = {path: image_facts(content) for path, content in files.items() if path.lower().endswith((".png", ".jpg", ".jpeg"))}
    return ReadPass(name, document, files, manifest, strings, images, sign_up, found.all())


def _at_root(files: dict[str, bytes], found: Findings) -> dict[str, bytes]:
    """The files as they would be at the root: a pass zipped together with its folder is read all the same. Row 51."""
    if PASS in files:
        return files
    folders = [path[: -len(PASS)] for path in files if path.endswith("/" + PASS) and path.count("/") == 1 and path[:1] != "_"]
    if len(folders) != 1:
        return files
    mend = "zip the files, not the folder that they are in"
    found.error(plain(folders[0] + PASS), "pass_in_folder", "the files are in a folder of the archive", mend, NOT_VALID)
    folder = folders[0]
    return {path.removeprefix(folder): content for path, content in files.items()}
