"""Makes the snippets of one pass. Their HTML needs no style sheet, no script and no picture but the issuer's logo and the code,
since mail programs and shops' editors drop the rest.

May not enter: requests, SQL."""

from dataclasses import dataclass
from pathlib import Path

import jinja2

from billfold.domain import texts
from billfold.domain.colors import ink_on
from billfold.domain.sharing import Issuer
from billfold.flows.share import Opened, logo_address
from billfold.ports import Services
from billfold.web.languages import choose
from billfold.web.templates import environment
from billfold.web.texts import Texts

_FOLDER = Path(__file__).parent
TEXTS = Texts(_FOLDER / "texts")
_TEMPLATES = environment(jinja2.FileSystemLoader(_FOLDER / "templates"))


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute addresses. `page` leads every visitor on, `direct` a phone straight into its wallet; `logo` may be ""."""

    page: str
    direct: str
    code_svg: str
    code_png: str
    logo: str = ""


@dataclass(frozen=True, slots=True)
class Snippets:
    """`button` and `mail`: HTML that can stand as it is in a page and in a mail. `language`: of what they say."""

    links: Links
    language: str
    button: str
    mail: str


async def snippets_of(services: Services, opened: Opened, language: str | None = None) -> Snippets:
    """`language` None: the pass's own."""
    addresses, serial = services.addresses, opened.pass_.id
    links = Links(
        addresses.share(serial),
        addresses.share_direct(serial),
        addresses.share_code(serial, "svg"),
        addresses.share_code(serial, "png"),
        await logo_address(services, opened),
    )
    chosen = language or opened.content.language or "en"
    return make(links, opened.issuer, texts.in_language(opened.content, chosen).description, chosen)


def make(links: Links, issuer: Issuer, title: str, language: str) -> Snippets:
    """`title`: what the pass is, in the issuer's words. `language`: BCP 47; English where we have no words in it."""
    spoken = choose(language, TEXTS.languages)
    say = TEXTS.speaker(spoken)
    values = {"links": links, "issuer": issuer, "title": title, "ink": ink_on(issuer.color), "say": say, "language": spoken}
    button, mail = (_TEMPLATES.get_template(f"{name}.html").render(values).strip() for name in ("button", "mail"))
    return Snippets(links, spoken, button, mail)
