"""Judges what surrounds a pass.json in its archive: manifest, pictures, languages, files that do not belong there.

Rows 42 to 46, 48, 51 and 54 of reference/apple-wallet.md section 9.
May not enter: unpacking (reader.py), the signature (signature_rules.py), pixels."""

import hashlib
import re

from billfold.wallets.apple import predicates
from billfold.wallets.apple.archive import NOT_VALID
from billfold.wallets.apple.document_fields import styles_of
from billfold.wallets.apple.findings import Findings, plain
from billfold.wallets.apple.png import ImageFacts
from billfold.wallets.apple.reader import MANIFEST, PASS, PERSONALIZATION, SIGNATURE, ReadPass
from billfold.wallets.apple.vocabulary import vocabulary

_IMAGE = re.compile(r"(?:(?P<folder>[^/]+)/)?(?P<base>[^/@]+?)(?:@(?P<scale>[23])x)?\.png\Z")
_STRINGS = re.compile(r"(?:.*/)?[^/]*\.lproj/[^/]*\.strings\Z|(?:.*/)?pass\.strings\Z", re.IGNORECASE | re.DOTALL)
"""What is meant to hold a language's texts; where it stands and how it is written as phones look for it, the reader has it."""
_DIGEST = re.compile(r"[0-9a-f]{40}\Z")
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/.*|\.[^/]*|Thumbs\.db|desktop\.ini|[^/]*~)\Z", re.IGNORECASE)
_ROOT = frozenset({PASS, MANIFEST, SIGNATURE, PERSONALIZATION})
_IMAGE_OTHERWISE = "the picture is cut, or not shown"


def judge_package(read: ReadPass, found: Findings, *, signed: bool = True) -> None:
    """`signed`: it is, or should be; before that there need be no manifest."""
    if signed:
        _manifest(read, found)
    _files(read, found)
    _images(read, found)
    _languages(read, found)


def has_personalization_logo(read: ReadPass) -> bool:
    return any((match := _IMAGE.match(path)) and match["base"] == "personalizationLogo" for path in read.images)


# --- manifest and files -----------------------------------------------------------------------------------------------------------


def _manifest(read: ReadPass, found: Findings) -> None:
    """Row 48."""
    if MANIFEST not in read.files:
        mend = "list every file with its SHA-1 in manifest.json, then sign it"
        found.error(MANIFEST, "manifest_missing", "the archive has no manifest.json", mend, NOT_VALID)
        return
    listed = read.manifest
    if listed is None:
        return  # the reader has said why
    present = read.files.keys() - {MANIFEST, SIGNATURE}
    for path in sorted(present - listed.keys()):
        text = "the file is not in the manifest"
        found.error(plain(path), "manifest_omits", text, "list it, or leave it out of the archive", NOT_VALID)
    for path in sorted(listed.keys() - present):
        text = "the manifest lists the file, and the archive does not have it"
        found.error(plain(path), "manifest_lists_missing", text, "add the file, or take it off the manifest", NOT_VALID)
    for path in sorted(present & listed.keys()):
        digest = listed[path]
        if isinstance(digest, str) and digest.lower() == hashlib.sha1(read.files[path], usedforsecurity=False).hexdigest():
            if not _DIGEST.match(digest):
                text = "the manifest writes the SHA-1 in capitals"
                found.error(plain(path), "manifest_digest_case", text, "write hex digits in lower case", NOT_VALID)
            continue
        text = "the file does not have the SHA-1 that the manifest gives"
        if isinstance(digest, str) and len(digest) != 40:
            text = "the manifest gives something else than a SHA-1 for the file"
        mend = "write the SHA-1 of the file as it is in the archive, and sign again"
        found.error(plain(path), "manifest_digest", text, mend, NOT_VALID)


def _files(read: ReadPass, found: Findings) -> None:
    """Rows 51 and 54."""
    for path in read.files:
        if _JUNK.search(path):
            text = "the file does not belong into a pass"
            mend = "leave it out of archive and manifest (zip -X, without .DS_Store and __MACOSX)"
            found.error(plain(path), "archive_junk", text, mend, NOT_VALID)
        elif _STRINGS.match(path):
            if path.count("/") != 1 or not path.endswith(".lproj/pass.strings"):
                text, mend = "phones do not look for texts under this name", "name it like de.lproj/pass.strings"
                found.warning(plain(path), "strings_misplaced", text, mend, "holders see the raw keys")
        elif path not in _ROOT and path not in read.images:
            text = "Wallet has no use for the file"
            found.warning(plain(path), "file_unknown", text, "leave it out", "it only makes the pass larger")
    size = sum(map(len, read.files.values()))
    if size > predicates.PASS_BYTES_MAX:
        text = f"the pass has more than {predicates.PASS_BYTES_MAX // 1024 // 1024} MB"
        found.warning("", "pass_large", text, "ship smaller pictures", "it is slow to add and to update")


# --- pictures ---------------------------------------------------------------------------------------------------------------------


def _images(read: ReadPass, found: Findings) -> None:
    """Rows 42 to 45."""
    if "icon.png" not in read.images:
        folders = _language_folders(read)
        if folders and all(f"{one}/icon.png" in read.images for one in folders):
            text, mend = "icon.png stands in the language folders alone", "add one at the top of the archive too"
            found.warning("icon.png", "icon_in_folders", text, mend, "whether phones find it there is not documented")
        elif any(path.startswith("icon@") for path in read.images):
            text = "icon.png is missing, only larger versions are there"
            found.error(
                "icon.png", "icon_missing", text, "add icon.png, 38 x 38 pixels", "older phones and readers refuse the pass"
            )
        else:
            found.error("icon.png", "icon_missing", "icon.png is missing", "add icon.png, 38 x 38 pixels", "the pass is refused")
    allowed = frozenset().union(*(rule.images for rule, _ in styles_of(read.document or {})))
    for path, facts in read.images.items():
        _image(path, facts, allowed, found)
    bases = {match["base"] for path in read.images if (match := _IMAGE.match(path)) and match["folder"] is None}
    if "eventTicket" in (read.document or {}) and "strip" in bases and bases & {"background", "thumbnail"}:
        text = "an event ticket has a strip, or background and thumbnail, not both"
        found.warning("strip.png", "images_exclude_each_other", text, "decide for one layout", "the layout is undefined")
    _image_folders(read, found)


def _image(path: str, facts: ImageFacts, allowed: frozenset[str], found: Findings) -> None:
    match = _IMAGE.match(path)
    if facts.format != "PNG":
        what = f"this is a {facts.format} file" if facts.format else "this is no picture"
        found.error(
            plain(path), "image_not_png", what, "save it as PNG", "the picture is not shown; an icon makes the pass refused"
        )
    elif facts.damage:
        found.error(plain(path), "image_damaged", f"the picture is damaged: {facts.damage}", "save it again", _IMAGE_OTHERWISE)
    rule = vocabulary().images.get(match["base"]) if match else None
    if match is None or rule is None:
        near = "name it like logo.png, logo@2x.png, logo@3x.png"
        found.warning(plain(path), "image_unknown", "Wallet knows no picture of this name", near, "it is never shown")
        return
    if allowed and rule.name not in allowed and not rule.personalization:
        text = "this style does not show this picture"
        found.warning(plain(path), "image_not_shown", text, "leave it away, or choose a style that shows it", "it is never shown")
    if facts.bytes > predicates.IMAGE_BYTES_MAX:
        text = f"the picture has more than {predicates.IMAGE_BYTES_MAX // 1024 // 1024} MB"
        found.warning(
            plain(path), "image_large", text, "scale it to the size that is shown", "the pass is slow to add and to update"
        )
    if rule.largest and facts.width:
        _image_size(path, facts, rule.largest, rule.smallest or rule.largest, int(match["scale"] or 1), found)


def _image_size(
    path: str, facts: ImageFacts, largest: tuple[int, int], smallest: tuple[int, int], scale: int, found: Findings
) -> None:
    """Row 43: sizes are guidance, Apple's own samples break them. So only what is far off is told."""
    width, height = largest[0] * scale, largest[1] * scale
    if facts.width * 2 < smallest[0] * scale and facts.height * 2 < smallest[1] * scale:
        least = f"{smallest[0] * scale} x {smallest[1] * scale}"
        text = f"the picture has {facts.width} x {facts.height} pixels, where {least} are shown"
        found.warning(plain(path), "image_small", text, f"make it {least} or larger", "it is enlarged and blurred")
    if facts.width > width * 2 or facts.height > height * 2:
        text = f"the picture has {facts.width} x {facts.height} pixels, and at most {width} x {height} are shown"
        found.warning(
            plain(path), "image_size", text, f"scale it to {width} x {height} or less", "it is scaled and cut by the phone"
        )


def _language_folders(read: ReadPass) -> set[str]:
    """`de.lproj`, at the top: no phone looks for one elsewhere."""
    return {folder for path in read.files if path.count("/") == 1 and (folder := path.partition("/")[0]).endswith(".lproj")}


def _image_folders(read: ReadPass, found: Findings) -> None:
    """Row 45."""
    matches = [match for path in read.images if (match := _IMAGE.match(path))]
    at_root = {match["base"] for match in matches if match["folder"] is None}
    in_folders: dict[str, dict[str, set[str]]] = {}
    for match in matches:
        if match["folder"] is not None:
            in_folders.setdefault(match["base"], {}).setdefault(match["folder"], set()).add(match["scale"] or "1")
    languages = _language_folders(read)
    for base, folders in in_folders.items():
        if base in at_root:
            text = "the picture is at the root and in a language folder"
            found.warning(
                plain(f"{base}.png"), "image_at_root_too", text, "keep it in the language folders alone", "the root's wins"
            )
        elif lacking := len(languages - folders.keys()):
            text = f"{lacking} of {len(languages)} language folders do not have the picture"
            mend = "put one into each folder, since no language falls back to another's"
            path = plain(f"{base}.png")
            found.warning(path, "image_not_in_all_languages", text, mend, "holders of these languages see none")
        if len({frozenset(scales) for scales in folders.values()}) > 1:
            text = "the language folders have different resolutions of the picture"
            mend = "give each folder the same set of .png, @2x.png and @3x.png"
            found.warning(plain(f"{base}.png"), "image_resolutions_differ", text, mend, "some languages show a blurred picture")


# --- languages --------------------------------------------------------------------------------------------------------------------


def _languages(read: ReadPass, found: Findings) -> None:
    """Row 46. There is no language that others fall back to: where there is only one, everybody sees it."""
    folders = sorted(_language_folders(read))
    for folder in folders:
        if not predicates.is_language(folder.removesuffix(".lproj")):
            text = "the folder's name is no language"
            found.error(plain(folder), "language_unknown", text, "name it like de.lproj or pt-BR.lproj", "no phone looks into it")
    unread = {one.path for one in read.findings if one.code in ("strings_unreadable", "strings_binary")}
    texts = {
        folder: pairs.keys() for folder, pairs in read.strings.items() if pairs or plain(f"{folder}/pass.strings") not in unread
    }
    if any(texts.values()) and len(folders) == 1:
        text = "there is one language folder only, so every holder sees it"
        found.warning(plain(folders[0]), "language_alone", text, "add a folder for the base language too", "there is no fallback")
    every = frozenset().union(*texts.values())
    for folder, keys in texts.items():
        if missing := len(every - keys):
            text = f"{missing} texts that other languages have are missing"
            path = plain(f"{folder}/pass.strings")
            found.warning(path, "strings_keys_differ", text, "give every language the same keys", "holders see the raw keys")
