"""Google's root keys for callbacks, fetched and kept. Strangers can send callbacks, so a stranger must not be able to make us ask
Google: a bad signature leads to at most one look a minute.

May not enter: what a callback says, pinned keys or pinned expiries (Google moves both). Source: reference/google-wallet.md 5.3."""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from billfold.domain.errors import Unavailable
from billfold.ports import Clock
from billfold.wallets.google.callbacks import Callback, CallbackRefused, RootKeys, parse_root_keys, verify
from billfold.wallets.google.http import Http, NoAnswer

ROOT_KEYS_URL: Final = "https://pay.google.com/gp/m/issuer/keys"
_AGAIN_MS: Final = 60_000
_AGE_DEFAULT_SECONDS: Final = 3600
_AGE_MAX_SECONDS: Final = 86_400
_TIMEOUT_SECONDS: Final = 10.0
_UNKNOWN_SIGNER: Final = "intermediate signature"


class RootKeyCache:
    """The keys for as long as Google says (`max-age`), renewed at half of it. While a renewal fails the old ones serve on, each
    until its own expiry."""

    def __init__(self, http: Http, clock: Clock, url: str = ROOT_KEYS_URL) -> None:
        self._http = http
        self._clock = clock
        self._url = url
        self._keys: RootKeys | None = None
        self._renew_at_ms = 0
        self._asked_at_ms: int | None = None
        self._lock = asyncio.Lock()

    async def verify(self, body: bytes, issuer_id: str) -> Callback:
        """As callbacks.verify, with the keys of now; with newer ones once more when no known root vouches for the signer.

        Raises CallbackRefused; Unavailable when there are no keys at all, so that Google sends the callback again."""
        keys = await self._current()
        try:
            return verify(body, issuer_id, keys, self._clock.now_ms())
        except CallbackRefused as refused:
            if refused.reason != _UNKNOWN_SIGNER:
                raise
            newer = await self._renewed(keys)
            if newer is keys:
                raise
            return verify(body, issuer_id, newer, self._clock.now_ms())

    async def _current(self) -> RootKeys:
        if self._keys is None or self._clock.now_ms() >= self._renew_at_ms:
            async with self._lock:
                if self._keys is None or self._clock.now_ms() >= self._renew_at_ms:
                    await self._fetch()
        if self._keys is None:
            raise Unavailable("Google's root keys could not be fetched", retry_after_seconds=60)
        return self._keys

    async def _renewed(self, known: RootKeys) -> RootKeys:
        async with self._lock:
            if self._keys is known:
                await self._fetch()
            return self._keys or known

    async def _fetch(self) -> None:
        """Asks Google, at most once a minute whatever the cause; without a usable answer everything stays as it is."""
        now_ms = self._clock.now_ms()
        if self._asked_at_ms is not None and now_ms - self._asked_at_ms < _AGAIN_MS:
            return
        self._asked_at_ms = now_ms
        try:
            status, headers, body = await self._http.request(
                "GET", self._url, {"accept": "application/json"}, None, _TIMEOUT_SECONDS
            )
            if status != 200:
                return
            found = parse_root_keys(body)
        except (NoAnswer, CallbackRefused):
            return
        if found.keys:
            self._keys = found
            self._renew_at_ms = now_ms + _max_age_seconds(headers) * 1000 // 2


def _max_age_seconds(headers: Mapping[str, str]) -> int:
    found = re.search(r"(?:^|[,\s])max-age=([0-9]{1,9})", headers.get("cache-control", ""))
    return min(int(found[1]), _AGE_MAX_SECONDS) if found else _AGE_DEFAULT_SECONDS
