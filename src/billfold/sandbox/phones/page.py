"""Finds the "add to wallet" button on a share page. May not enter: network; which phone asks."""

from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass(frozen=True)
class PageLink:
    """An `<a>` of a page: its absolute address and how the page marks it, if it does ("apple", "google")."""

    address: str
    wallet: str | None


def find_links(html: bytes, page_address: str) -> tuple[PageLink, ...]:
    """The links of a page, those that are marked for a wallet first, otherwise in the page's order."""
    finder = _Finder(page_address)
    finder.feed(html.decode("utf-8", "replace"))
    finder.close()
    return tuple(sorted(finder.links, key=lambda link: link.wallet is None))


class _Finder(HTMLParser):
    def __init__(self, page_address: str) -> None:
        super().__init__()
        self._base = page_address
        self.links: list[PageLink] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        address = (named.get("href") or "").strip()
        try:
            target = urljoin(self._base, address)
        except ValueError:
            return  # a browser's link that leads nowhere
        if tag == "base" and address:
            self._base = target
        if tag == "a" and address and target.startswith(("http:", "https:")):
            self.links.append(PageLink(target, named.get("data-wallet")))
