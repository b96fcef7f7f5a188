"""ports.Checker over both wallets' judges: tells whose pass something is, and asks the right one. Part of the composition root.

The command line uses it without a server. May not enter: the rules, settings, storage."""

import asyncio
import datetime
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from billfold.domain.checks import Part, Report
from billfold.domain.content import JsonObject
from billfold.wallets.apple import checking
from billfold.wallets.apple.checking import CheckedPass
from billfold.wallets.apple.reader import Kind
from billfold.wallets.google import document as google
from billfold.wallets.google import link_rules

T = TypeVar("T")

_APPLE_MARKS = frozenset({"formatVersion", "passTypeIdentifier", "teamIdentifier", "serialNumber", "organizationName"})
_IDENTITY = ("passTypeIdentifier", "serialNumber", "teamIdentifier", "organizationName", "description")
_FACT_CHARACTERS_MAX = 200


def check_file(data: bytes, now_ms: int) -> Report:
    """Any file. Never raises for what is in it."""
    if (link := link_rules.read_link(data)) is not None:
        return _check_link(link, now_ms)
    checked = checking.check_file(data, _moment(now_ms))
    if checked.kind is Kind.DOCUMENT and (document := checked.passes[0].document) is not None and _is_googles(document):
        return check_google(document, now_ms)
    return Report(checked.kind.value, tuple(_part(one) for one in checked.passes), checked.findings)


def check_folder(files: Mapping[str, bytes], now_ms: int) -> Report:
    """A pass before it is packed and signed: the files of its folder, by path."""
    checked = checking.check_folder(files, _moment(now_ms))
    return Report(checked.kind.value, tuple(_part(one) for one in checked.passes), checked.findings)


def check_document(document: JsonObject, now_ms: int, earlier: JsonObject | None = None) -> Report:
    if _is_googles(document):
        return check_google(document, now_ms)
    return Report(Kind.DOCUMENT.value, (_part(checking.check_document(document, _moment(now_ms), earlier)),))


def check_google(document: Mapping[str, object], now_ms: int) -> Report:
    """A class, an object, or what a save link claims, which is judged with all that it carries."""
    if not link_rules.CLAIMS.isdisjoint(document) and "payload" in document:
        claims = dict(document)
        return _check_link(link_rules.Link(claims, link_rules.length_of(claims), ()), now_ms)
    payload = document.get("payload")
    given = payload if isinstance(payload, dict) else document
    name = google.type_of(given)
    told = {"type": name or ""} | {key: value for key in ("id", "classId") if isinstance(value := given.get(key), str)}
    facts = {key: value[:_FACT_CHARACTERS_MAX] for key, value in told.items() if value}
    return Report("google", (Part("", google.check_document(dict(given), name), facts),))


def _check_link(link: link_rules.Link, now_ms: int) -> Report:
    claims, findings = link.claims, list(link.findings)
    facts = {"type": "save link", "characters": str(link.length)}
    if claims is not None:
        findings += link_rules.check_claims(claims, link.length, now_ms // 1000)
        if isinstance(issuer := claims.get("iss"), str):
            facts["iss"] = issuer[:_FACT_CHARACTERS_MAX]
        if isinstance(payload := claims.get("payload"), dict) and any(payload.values()):
            findings += google.check_document(payload, "Resources", "payload")
    return Report("google", (Part("", tuple(sorted(findings, key=lambda one: one.severity)), facts),))


def _is_googles(document: Mapping[str, object]) -> bool:
    payload = document.get("payload")
    return _APPLE_MARKS.isdisjoint(document) and google.type_of(payload if isinstance(payload, dict) else document) is not None


def _moment(now_ms: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)


def _part(checked: CheckedPass) -> Part:
    document, signature = checked.document or {}, checked.signature
    facts = {name: value[:_FACT_CHARACTERS_MAX] for name in _IDENTITY if isinstance(value := document.get(name), str)}
    if signature is not None:
        told = {
            "signed_at": _iso(signature.signed_at),
            "digest": signature.digest,
            "certificate_pass_type": signature.pass_type,
            "certificate_team": signature.team,
            "certificate_valid_from": _iso(signature.valid_from),
            "certificate_valid_until": _iso(signature.valid_until),
            "certificate_nfc": "yes" if signature.has_nfc else "no",
            "issuer": signature.issuer_generation,
            "issuer_is_apple": "yes" if signature.issuer_is_apple else "no",
        }
        facts |= {name: value[:_FACT_CHARACTERS_MAX] for name, value in told.items() if value}
    return Part(checked.name, checked.findings, facts)


def _iso(at: datetime.datetime | None) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else ""


class CheckingThread:
    """ports.Checker. One thread of its own: a large file takes it for a moment, and neither requests nor signing wait for that."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "billfold-check")

    async def file(self, data: bytes, now_ms: int) -> Report:
        return await self._run(lambda: check_file(data, now_ms))

    async def document(self, document: JsonObject, now_ms: int, earlier: JsonObject | None = None) -> Report:
        return await self._run(lambda: check_document(document, now_ms, earlier))

    async def google(self, document: JsonObject, now_ms: int) -> Report:
        return await self._run(lambda: check_google(document, now_ms))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
