"""What the hosted pages show: a pass behind its link, for one visitor, in one language, as values for the templates.

A program that wants a preview is shown under whose name the pass is handed out, and nothing of the pass.
May not enter: routes, headers, what is counted."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import jinja2
import msgspec
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from markupsafe import Markup

from billfold.api.visitors import App, System, Visitor, way_out
from billfold.domain import formatting, texts
from billfold.domain.colors import ink_on
from billfold.domain.content import Content, Field
from billfold.domain.sharing import OVER, Issuer, State, starts_at_ms
from billfold.flows.share import Opened, logo_address
from billfold.ports import Services
from billfold.snippets.link_code import link_svg
from billfold.web.languages import choose
from billfold.web.templates import environment
from billfold.web.texts import Say, Texts

_HERE = Path(__file__).parent
TEXTS = Texts(_HERE / "texts")
_PAGES = environment(jinja2.FileSystemLoader(_HERE / "templates"))
WALLETS = {"apple": "Apple Wallet", "google": "Google Wallet"}
TONGUES_MAX = 30
FACT_LENGTH_MAX = 300
"""No phone shows more of a field on the front; the page stays small whatever a pass says."""
_NOBODY = Issuer("", "#374151", None)
_POLICY = "default-src 'none'; img-src 'self' data:; style-src '{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""A page loads nothing but its own style and pictures, runs no script, and stands in no other site's frame."""


@dataclass(frozen=True, slots=True)
class Page:
    """`policy`: its Content-Security-Policy. The same visitor gets the same bytes as long as nothing changed."""

    html: str
    policy: str


@dataclass(frozen=True, slots=True)
class Tongue:
    """`accepted`: what the visitor reads, as Accept-Language says it. `chosen`: by the switch, "" while it was not touched."""

    accepted: str
    chosen: str = ""

    def of(self, content: Content) -> str:
        """The language in which this card is shown."""
        return choose(self.accepted, texts.languages(content))

    @property
    def spoken(self) -> str:
        """The language of the words around it."""
        return choose(self.accepted, TEXTS.languages)


def tongue_of(header: str, asked: str) -> Tongue:
    """`asked`: what the page's address says."""
    good = 2 <= len(asked) <= 12 and asked.replace("-", "").isalnum() and asked.isascii()
    return Tongue(f"{asked},{header}" if good else header, asked if good else "")


def _page(template: str, tongue: Tongue, issuer: Issuer, **values: object) -> Page:
    style = _PAGES.get_template("look.css").render(issuer=issuer, ink=ink_on(issuer.color))
    hash_ = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    plain = {"address": "", "logo": "", "logo_url": ""}
    html = _PAGES.get_template(template).render(
        plain | values,
        issuer=issuer,
        style=Markup("<style>{}</style>").format(Markup(style)),  # noqa: S704  (our own file and two colours)
        say=TEXTS.speaker(tongue.spoken),
        spoken=tongue.spoken,
    )
    return Page(html, _POLICY.format(f"sha256-{hash_}"))


def missing(tongue: Tongue) -> Page:
    return _page("missing.html", tongue, _NOBODY)


async def of_pass(services: Services, opened: Opened, visitor: Visitor, tongue: Tongue) -> Page:
    now, issuer, content = services.clock.now_ms(), opened.issuer, opened.content
    state, language, serial = opened.state(now), tongue.of(content), opened.pass_.id
    say, address = TEXTS.speaker(tongue.spoken), services.addresses.share(opened.pass_.id)
    shown = None if visitor.system is System.BOT or state is State.REMOVED else texts.in_language(content, language)
    name = issuer.name if shown is None or opened.brand else shown.logo_text or shown.organization_name
    desktop = visitor.system is System.DESKTOP
    wallet = "google" if visitor.system is System.ANDROID else "apple"
    offered = () if shown is None else tuple(WALLETS) if desktop else (wallet,)
    code = link_svg(address) if desktop and shown is not None and state not in OVER else ""
    return _page(
        "share.html",
        tongue,
        issuer,
        **await _logo_of(services, opened),
        **_languages(tongue, content),
        address=address,
        name=name or say("title"),
        content=shown,
        language=language,
        value=lambda one: _fact(one, language),
        state=_in_words(opened, state, tongue, name),
        over=state in OVER,
        system=visitor.system.value,
        **_app(visitor.app if shown is not None else None, visitor, address, say),
        picture=_picture(serial, wallet, language, bare=bool(code)) if shown is not None else "",
        shown_by=WALLETS[wallet],
        offered=offered,
        links={one: f"/p/{serial}/{one}" for one in WALLETS},
        wallets=WALLETS,
        qr=code,
    )


async def of_several(services: Services, several: list[Opened], visitor: Visitor, tongue: Tongue) -> Page:
    """The page of several passes: one button on an iPhone, one for each pass elsewhere."""
    first, now = several[0], services.clock.now_ms()
    ids = [one.pass_.id for one in several]
    address = services.addresses.share_pack(ids)
    bot, say = visitor.system is System.BOT, TEXTS.speaker(tongue.spoken)
    return _page(
        "pack.html",
        tongue,
        first.issuer,
        **await _logo_of(services, first),
        **_languages(tongue, first.content),
        address=address,
        name=first.issuer.name or say("title"),
        passes=[] if bot else [_one_of_several(one, tongue, now) for one in several],
        system=visitor.system.value,
        **_app(visitor.app, visitor, address, say),
        apple=f"/ps/{'.'.join(ids)}/apple",
        qr=link_svg(address),
    )


def _one_of_several(opened: Opened, tongue: Tongue, now_ms: int) -> dict[str, object]:
    language, state = tongue.of(opened.content), opened.state(now_ms)
    return {
        "content": texts.in_language(opened.content, language),
        "language": language,
        "value": lambda one: _fact(one, language),
        "state": _in_words(opened, state, tongue, opened.issuer.name),
        "over": state in OVER,
        "google": f"/p/{opened.pass_.id}/google",
    }


async def _logo_of(services: Services, opened: Opened) -> dict[str, object]:
    """Where the issuer's logo is, for the page itself and for previews, which want a whole address."""
    address = await logo_address(services, opened)
    return {"logo": address.removeprefix(services.addresses.public_url), "logo_url": address}


def _picture(serial: str, wallet: str, language: str, *, bare: bool) -> str:
    return f"/p/{serial}/picture.svg?wallet={wallet}&language={language}{'&code=none' if bare else ''}"


def without_code(content: Content) -> Content:
    """The same without what a scanner reads: beside the code of a link a phone would else read either."""
    return msgspec.structs.replace(content, barcode=None, rotating_barcode=None, barcode_fallbacks=())


def _fact(one: Field, language: str) -> str:
    value = formatting.display(one, language)
    return value if len(value) <= FACT_LENGTH_MAX else value[: FACT_LENGTH_MAX - 1] + "…"


def _app(app: App | None, visitor: Visitor, address: str, say: Say) -> Mapping[str, str]:
    """The app in whose own browser the page stands, and how to get out of it."""
    if app is None:
        return {"app": "", "menu": "", "leave": ""}
    return {"app": app.name or say("app.unnamed"), "menu": app.menu, "leave": way_out(visitor, address)}


def _in_words(opened: Opened, state: State, tongue: Tongue, name: str) -> str:
    """What is to be said of the state; "" for a pass that is good."""
    say = TEXTS.speaker(tongue.spoken)
    if state is State.VALID:
        return ""
    starts = starts_at_ms(opened.content, opened.card)
    if state is State.NOT_STARTED and starts is not None:
        day = format_date(datetime.fromtimestamp(starts / 1000, UTC).date(), "long", locale=tongue.spoken)
        return say("state.not_started_until", day=day)
    return say(f"state.{state.value}", issuer=name)


def _languages(tongue: Tongue, content: Content) -> dict[str, object]:
    """The switch: languages of our words and of the card, each by its own name; and which one is in force."""
    tags = dict.fromkeys((*TEXTS.languages, *texts.languages(content)))
    chosen = tongue.chosen if tongue.chosen in tags else tongue.spoken
    return {"tongues": [(tag, own_name(tag)) for tag in list(tags)[:TONGUES_MAX]], "chosen": chosen}


@lru_cache(maxsize=256)
def own_name(tag: str) -> str:
    """How a language calls itself; the tag where nobody knows."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name()
    except (ValueError, UnknownLocaleError):
        return tag
    return name[:1].upper() + name[1:] if name else tag
