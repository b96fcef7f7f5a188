"""Who asks for a page that anybody may open: which phone, a computer, or a program that only wants a preview; and in whose browser.

All of it is guessed from what the visitor says, so nothing that must hold may rest on it. May not enter: what the page shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit


class System(StrEnum):
    IPHONE = "iphone"
    ANDROID = "android"
    DESKTOP = "desktop"
    """An iPad that asks for desktop pages looks like a Mac: what a desktop is shown has Apple's button too."""
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class App:
    """An app that opens links in a browser of its own, which neither hands passes to an iPhone's wallet nor may sign in at Google.

    `name`: "" for one that does not say. `menu`: the sign of its menu. `leaves`: a link may lead out of it."""

    name: str
    menu: str = "•••"
    leaves: bool = True


UNNAMED = App("")
_APPS: tuple[tuple[re.Pattern[str], App], ...] = tuple(
    (re.compile(pattern), app)
    for pattern, app in (
        (r"instagram", App("Instagram")),
        (r"barcelona", App("Threads")),
        (r"fban/messenger|fb_iab/orca|messengerforios", App("Messenger")),
        (r"fban|fbav|fb_iab", App("Facebook")),
        (r"\bwhatsapp/", App("WhatsApp")),
        (r"\bline/[0-9]", App("LINE", "⋮")),
        (r"musical_ly|bytedance|tiktok|\btrill", App("TikTok")),
        (r"micromessenger", App("WeChat", leaves=False)),
        (r"snapchat", App("Snapchat")),
        (r"kakaotalk", App("KakaoTalk", "⋮")),
        (r"linkedinapp", App("LinkedIn")),
        (r"pinterest", App("Pinterest")),
        (r"twitter for ", App("X")),
    )
)
_BOT = re.compile(
    # Cubot is a maker of phones.
    r"(?<!cu)bot\b|crawler|spider|^whatsapp/|facebookexternalhit|facebookcatalog|preview|embedly|iframely|scrap|mastodon"
    r"|google-|^(curl|wget|python|go-http|java|okhttp|axios|node|ruby|php|http)"
)
_WEBVIEW = re.compile(r"; wv\)")
_LINE_LEAVES = "openExternalBrowser=1"


@dataclass(frozen=True, slots=True)
class Visitor:
    """`app`: in whose own browser it is, on a phone. `counts`: a person is about to see the answer."""

    system: System
    app: App | None = None
    counts: bool = True


def system_of(user_agent: str) -> System:
    agent = user_agent.lower()
    if _BOT.search(agent):
        return System.BOT
    if any(one in agent for one in ("iphone", "ipad", "ipod")):
        return System.IPHONE
    return System.ANDROID if "android" in agent else System.DESKTOP


def app_of(user_agent: str) -> App | None:
    """None for a browser of its own right."""
    agent = user_agent.lower()
    system = system_of(agent)
    if system not in (System.IPHONE, System.ANDROID):
        return None
    for pattern, app in _APPS:
        if pattern.search(agent):
            return app
    # Safari and every other browser on an iPhone say so; what only shows pages does not.
    bare = system is System.IPHONE and "applewebkit" in agent and "safari/" not in agent
    return UNNAMED if bare or _WEBVIEW.search(agent) else None


def visitor_of(method: str, headers: Mapping[str, str], named: str = "") -> Visitor:
    """`named`: a system that the visitor may name itself, else ""."""
    agent = headers.get("user-agent", "")
    system = System(named) if named else system_of(agent)
    ahead = any("prefetch" in headers.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    return Visitor(system, None if named else app_of(agent), method == "GET" and not ahead and system is not System.BOT)


def way_out(visitor: Visitor, address: str) -> str:
    """An address that opens `address` in the phone's real browser, as a link in the app's own; "" where no link can."""
    if visitor.app is None or not visitor.app.leaves:
        return ""
    if visitor.app.name == "LINE":
        return f"{address}{'&' if '?' in address else '?'}{_LINE_LEAVES}"
    parts = urlsplit(address)
    if visitor.system is System.IPHONE:
        return f"x-safari-{address}"
    rest = address.removeprefix(f"{parts.scheme}://")
    return f"intent://{rest}#Intent;scheme={parts.scheme};action=android.intent.action.VIEW;end"
