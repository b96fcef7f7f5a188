"""Explains any file that claims to be a pass: reads it, and asks every judge of this room. The one door for API and command line.

Pure but for its arguments: the clock is given. Raises nothing for what a file contains. May not enter: HTTP, files on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from billfold.ports import Finding
from billfold.wallets.apple.document_rules import judge_change, judge_document, judge_personalization
from billfold.wallets.apple.findings import Findings
from billfold.wallets.apple.lenient_json import Json
from billfold.wallets.apple.package_rules import has_personalization_logo, judge_package
from billfold.wallets.apple.reader import SIGNATURE, Kind, Opened, ReadPass, open_file, open_folder
from billfold.wallets.apple.signature_rules import SignatureFacts, judge_signature


@dataclass(frozen=True, slots=True)
class CheckedPass:
    """One pass. `name`: of its entry in a .pkpasses, else empty. `document`: as read; None when nothing could be."""

    name: str
    document: dict[str, Json] | None
    signature: SignatureFacts | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """`findings`: about the file as a whole."""

    kind: Kind
    passes: tuple[CheckedPass, ...]
    findings: tuple[Finding, ...]

    def all_findings(self) -> tuple[Finding, ...]:
        return self.findings + tuple(one for checked in self.passes for one in checked.findings)


def check_file(data: bytes, now: datetime) -> Checked:
    """A .pkpass, a .pkpasses, or a pass.json. `now` is aware."""
    opened: Opened = open_file(data)
    return Checked(opened.kind, tuple(_check_pass(one, now) for one in opened.passes), opened.findings)


def check_folder(files: Mapping[str, bytes], now: datetime) -> Checked:
    """A pass that is not packed yet: a folder's files by path. Without a signature neither that nor the manifest is asked for."""
    opened = open_folder(files)
    signed = SIGNATURE in files
    return Checked(opened.kind, tuple(_check_pass(one, now, signed=signed) for one in opened.passes), opened.findings)


def check_document(document: dict[str, object], now: datetime, earlier: dict[str, object] | None = None) -> CheckedPass:
    """A pass.json that is parsed already; `earlier`: the version that holders have, which it may not contradict."""
    found = Findings()
    parsed = cast(dict[str, Json], document)
    judge_document(parsed, {}, now, found)
    if earlier is not None:
        judge_change(cast(dict[str, Json], earlier), parsed, found)
    return CheckedPass("", parsed, None, found.all())


def _check_pass(read: ReadPass, now: datetime, *, signed: bool = True) -> CheckedPass:
    found = Findings()
    if read.document is not None:
        judge_document(read.document, read.strings, now, found)
    signature = None
    if read.packed:
        judge_package(read, found, signed=signed)
        signature = judge_signature(read, now, found) if signed else None
        if read.personalization is not None:
            judge_personalization(read.document, read.personalization, has_personalization_logo(read), found)
    findings = read.findings + found.all()
    return CheckedPass(read.name, read.document, signature, tuple(sorted(findings, key=lambda one: one.severity)))
