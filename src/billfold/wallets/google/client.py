"""Google's REST API as calls with typed answers: token, pacing, one renewal of a refused token, and what each status means.

Answers are told apart by the HTTP status alone, since Google's reasons are documented nowhere; the one exception is
`quotaExceeded`, which turns a 403 about the account into one about a message. Retries and their order belong to the caller.
May not enter: the store, content, what to do about an answer. Source: reference/google-wallet.md section 2."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from billfold.ports import Clock
from billfold.wallets.google.credentials import GoogleCredential
from billfold.wallets.google.http import Http, NoAnswer
from billfold.wallets.google.pacing import Pacer
from billfold.wallets.google.save_link import signer_of

API_URL: Final = "https://walletobjects.googleapis.com"
_API_PATH: Final = "/walletobjects/v1"
TOKEN_AUDIENCE: Final = "https://oauth2.googleapis.com/token"
"""What the assertion is made out to, even where the key file names another token address."""

_SCOPE: Final = "https://www.googleapis.com/auth/wallet_object.issuer"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_SECONDS: Final = 3600
_RENEW_EARLY_MS: Final = 60_000
_MESSAGE_LENGTH_MAX: Final = 300


class Resource(msgspec.Struct, rename="camel"):
    """The members of a stored class or object that we read back. `messages` stay as Google wrote them."""

    id: str = ""
    has_users: bool | None = None
    messages: list[msgspec.Raw] = []
    resource: "Resource | None" = None
    """addMessage wraps what it answers."""


class Page(msgspec.Struct):
    """One page of a list. `token` is None on the last one."""

    resources: list[msgspec.Raw] = []
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """2xx. `body`: the JSON as answered."""

    resource: Resource
    body: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class Exists:
    """409: the id is taken, as after an insert whose answer was lost."""


@dataclass(frozen=True, slots=True)
class Missing:
    """404: no such class or object, or not ours."""

    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """400 and other 4xx: what was sent is wrong, and sending it again would not help."""

    message: str


@dataclass(frozen=True, slots=True)
class Denied:
    """401 with a fresh token, or 403: the account may not do this, whatever is sent."""

    message: str


@dataclass(frozen=True, slots=True)
class QuotaExceeded:
    """403 quotaExceeded: too many notifying messages in 24 hours."""

    message: str


@dataclass(frozen=True, slots=True)
class SlowDown:
    """429. `retry_after_seconds`: None when Google did not say."""

    retry_after_seconds: float | None


@dataclass(frozen=True, slots=True)
class ServerTrouble:
    """5xx, or an answer that is none of Google's API."""

    status: int
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No complete answer: the request may or may not have been carried out."""

    reason: str


Answer = Stored | Exists | Missing | Refused | Denied | QuotaExceeded | SlowDown | ServerTrouble | Unknown
Failure = Missing | Refused | Denied | QuotaExceeded | SlowDown | ServerTrouble | Unknown


class _Detail(msgspec.Struct):
    message: str = ""
    reason: str = ""


class _Error(msgspec.Struct):
    message: str = ""
    errors: list[_Detail] = []


class _ErrorBody(msgspec.Struct):
    error: _Error | str = ""
    error_description: str = ""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int = _TOKEN_SECONDS


class _Pagination(msgspec.Struct, frozen=True, rename="camel"):
    next_page_token: str | None = None


class _List(msgspec.Struct):
    resources: list[msgspec.Raw] = []
    pagination: _Pagination = _Pagination()


class GoogleClient:
    """Speaks for one service account. `api_url` is the address without its path."""

    def __init__(
        self,
        http: Http,
        credential: GoogleCredential,
        pacer: Pacer,
        clock: Clock,
        *,
        api_url: str = API_URL,
        timeout_seconds: float = 15.0,
    ) -> None:
        self._http = http
        self._credential = credential
        self._pacer = pacer
        self._clock = clock
        self._base = api_url.rstrip("/") + _API_PATH
        self._timeout_seconds = timeout_seconds
        self._token = ""
        self._token_until_ms = 0
        self._token_lock = asyncio.Lock()

    async def get(self, kind: str, id: str, *, urgent: bool = False) -> Answer:
        return await self._call("GET", f"/{kind}/{_path(id)}", None, urgent)

    async def insert(self, kind: str, body: bytes, *, urgent: bool = False) -> Answer:
        return await self._call("POST", f"/{kind}", body, urgent)

    async def patch(self, kind: str, id: str, body: bytes, *, urgent: bool = False) -> Answer:
        return await self._call("PATCH", f"/{kind}/{_path(id)}", body, urgent)

    async def update(self, kind: str, id: str, body: bytes, *, urgent: bool = False) -> Answer:
        """Replaces the whole resource: what `body` does not name is cleared, messages included."""
        return await self._call("PUT", f"/{kind}/{_path(id)}", body, urgent)

    async def add_message(self, kind: str, id: str, body: bytes, *, urgent: bool = False) -> Answer:
        return await self._call("POST", f"/{kind}/{_path(id)}/addMessage", body, urgent)

    async def list_page(self, kind: str, parent: str, token: str | None = None, count: int = 100) -> Page | Failure:
        """One page of an issuer's classes (`parent`: issuer id) or of a class's objects (`parent`: class id)."""
        query = {"issuerId" if kind.endswith("Class") else "classId": parent, "maxResults": str(count)}
        answer = await self._call("GET", f"/{kind}?{urlencode(query | ({'token': token} if token else {}))}", None, False)
        if not isinstance(answer, Stored):
            assert not isinstance(answer, Exists), "a list conflicts with nothing"
            return answer
        try:
            found = msgspec.json.decode(answer.body, type=_List)
        except msgspec.DecodeError:
            return ServerTrouble(200)
        return Page(found.resources, found.pagination.next_page_token)

    async def _call(self, method: str, path: str, body: bytes | None, urgent: bool) -> Answer:
        """One request; with a new token once more when the token was refused, since it may have been withdrawn early."""
        answer: Answer = Unknown("not sent")
        for _ in range(2):
            token = await self._bearer()
            if not isinstance(token, str):
                return token
            await self._pacer.take(urgent=urgent)
            headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
            if body is not None:
                headers["content-type"] = "application/json; charset=UTF-8"
            try:
                status, answer_headers, answer_body = await self._http.request(
                    method, self._base + path, headers, body, self._timeout_seconds
                )
            except NoAnswer as error:
                return Unknown(str(error))
            answer = self._read(status, answer_headers, answer_body)
            if status != 401:
                return answer
            if self._token == token:  # another request may have renewed it meanwhile
                self._token_until_ms = 0
        return answer

    def _read(self, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
        if 200 <= status < 300:
            return _stored(body)
        if status == 409:
            return Exists()
        if status == 429:
            return SlowDown(self._retry_after(headers))
        if not 400 <= status < 500:
            return ServerTrouble(status, self._retry_after(headers))
        message, reasons = _error(status, body)
        if status == 403 and "quotaExceeded" in reasons:
            return QuotaExceeded(message)
        if status in (401, 403):
            return Denied(message)
        return Missing(message) if status == 404 else Refused(message)

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        """RFC 9110 section 10.2.3: seconds or a date."""
        text = headers.get("retry-after", "").strip()
        if text.isascii() and text.isdecimal():
            return float(text[:6])
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - self._clock.now_ms() / 1000)

    async def _bearer(self) -> str | Failure:
        """The access token, or why there is none. Everybody waits for the one request that renews it."""
        if self._clock.now_ms() < self._token_until_ms:
            return self._token
        async with self._token_lock:
            if self._clock.now_ms() < self._token_until_ms:
                return self._token
            return await self._fetch_token()

    async def _fetch_token(self) -> str | Failure:
        form = urlencode({"grant_type": _GRANT, "assertion": self._assertion()}).encode("ascii")
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        try:
            status, answer_headers, body = await self._http.request(
                "POST", self._credential.token_uri, headers, form, self._timeout_seconds
            )
        except NoAnswer as error:
            return Unknown(f"no token: {error}")
        if status == 429:
            return SlowDown(self._retry_after(answer_headers))
        if 400 <= status < 500:
            return Denied(f"no token for {self._credential.client_email}: {_error(status, body)[0]}")
        try:
            token = msgspec.json.decode(body, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ServerTrouble(status)
        if status != 200 or not token.access_token.isascii():
            return ServerTrouble(status)
        self._token = token.access_token
        self._token_until_ms = self._clock.now_ms() + token.expires_in * 1000 - _RENEW_EARLY_MS
        return self._token

    def _assertion(self) -> str:
        now = self._clock.now_ms() // 1000
        claims = {
            "iss": self._credential.client_email,
            "scope": _SCOPE,
            "aud": TOKEN_AUDIENCE,
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
        }
        return signer_of(self._credential).sign(msgspec.json.encode(claims))


def _path(id: str) -> str:
    return quote(id, safe="")


def _stored(body: bytes) -> Answer:
    """A resource, or trouble when the answer is none: a proxy's page with status 200 must not count as stored."""
    try:
        resource = msgspec.json.decode(body, type=Resource)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ServerTrouble(200)
    return Stored(resource.resource or resource, body)


def _error(status: int, body: bytes) -> tuple[str, frozenset[str]]:
    """Google's message, cut to fit a list, and the reasons: from either shape of error and from the token server's."""
    try:
        found = msgspec.json.decode(body, type=_ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"Google answered {status}", frozenset()
    if isinstance(found.error, str):
        message, reasons = f"{found.error} {found.error_description}".strip(), frozenset[str]()
    else:
        message = found.error.message or next((one.message for one in found.error.errors if one.message), "")
        reasons = frozenset(one.reason for one in found.error.errors)
    return (message[:_MESSAGE_LENGTH_MAX] or f"Google answered {status}"), reasons
