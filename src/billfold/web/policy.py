"""What a page may load, run and use: its Content-Security-Policy and the headers that go with it. Strict, and opened name by name.

Source: reference/reliability-security.md T17, T23; W3C, Content Security Policy Level 3, Permissions Policy.
May not enter: what a page shows."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_SOURCES: dict[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:", "blob:"),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
    "form-action": ("'self'",),
    "base-uri": ("'none'",),
    "frame-ancestors": ("'none'",),
    "require-trusted-types-for": ("'script'",),
    "trusted-types": ("billfold",),
}
_WITH_NONCE = ("script-src", "style-src")
FEATURES = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-create",
    "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
"""What a page must ask for to get it. Browsers complain of names that they do not know, so these are old ones."""
YEAR_SECONDS = 31_536_000


def new_nonce() -> str:
    return base64.b64encode(secrets.token_bytes(18)).decode("ascii")


@dataclass(frozen=True, slots=True)
class Policy:
    """`sources`: directive → its sources. `features`: what the page itself may use, such as `camera`."""

    sources: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(_SOURCES))
    features: frozenset[str] = frozenset()

    def allowing(self, *features: str, **sources: str | tuple[str, ...]) -> "Policy":
        """The same and more: `STRICT.allowing("camera", script_src="'wasm-unsafe-eval'", worker_src="'self'")`."""
        unknown = set(features) - set(FEATURES)
        assert not unknown, f"no feature of a browser: {unknown}"
        opened = dict(self.sources)
        for name, more in sources.items():
            directive = name.replace("_", "-")
            added = (more,) if isinstance(more, str) else more
            opened[directive] = (*(one for one in opened.get(directive, ()) if one != "'none'"), *added)
        return replace(self, sources=opened, features=self.features | set(features))

    def headers(self, nonce: str, *, https: bool) -> dict[str, str]:
        """`https`: how the visitor came; then browsers are told to stay with it."""
        listed = []
        for directive, sources in self.sources.items():
            own = f"'nonce-{nonce}'" if directive in _WITH_NONCE else ""
            listed.append(" ".join(filter(None, (directive, own, *sources))))
        made = {
            "Content-Security-Policy": "; ".join(listed),
            "Permissions-Policy": ", ".join(f"{one}=({'self' if one in self.features else ''})" for one in FEATURES),
            # `no-referrer` would make browsers send `Origin: null` with forms, which then could not be told from a stranger's.
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Frame-Options": "DENY",
            "X-Robots-Tag": "noindex",
            "Cache-Control": "private, no-store",
        }
        return made | ({"Strict-Transport-Security": f"max-age={YEAR_SECONDS}"} if https else {})


STRICT = Policy()
