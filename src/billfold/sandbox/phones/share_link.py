"""Opens a share link as a phone's browser does and comes back with what the wallet is handed.

May not enter: state; what a wallet does with it.
Sources: reference/apple-wallet.md section 7, reference/google-wallet.md section 3.2.
"""

from dataclasses import dataclass

from billfold.sandbox.phones import web
from billfold.sandbox.phones.bundle import InvalidPass, unpack
from billfold.sandbox.phones.events import Opened
from billfold.sandbox.phones.page import find_links
from billfold.sandbox.phones.passkit import PASS_CONTENT_TYPE

IPHONE_SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.1 Mobile/15E148 Safari/604.1"
)
ANDROID_CHROME = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36"
SAVE_PATH = "/gp/v/save/"
PACK_CONTENT_TYPE = "application/vnd.apple.pkpasses"
_PACK_PASSES_MAX, _PACK_BYTES_MAX = 10, 150 * 1024 * 1024
_LINKS_TRIED_MAX = 10


class CannotInstall(Exception):
    """The link leads to no pass that this phone can take. One clear line for a person."""


@dataclass(frozen=True)
class BundleDownload:
    """The bytes of a .pkpass as downloaded, and the Last-Modified that came with them."""

    data: bytes
    last_modified: str | None


async def download_bundles(link: str) -> tuple[Opened, list[BundleDownload]]:
    """The bundle behind the page's Apple button, or behind the link itself, or the several of a pack. Raises CannotInstall."""
    headers = {"User-Agent": IPHONE_SAFARI, "Accept-Language": "en-US"}
    page = await _get(link, headers)
    opened = Opened(link=link, status=page.status, content_type=page.content_type)
    if page.content_type in (PASS_CONTENT_TYPE, PACK_CONTENT_TYPE):
        return opened, _bundles_of(page)
    links = find_links(page.body, page.url)
    marked = [found.address for found in links if found.wallet == "apple"]
    refused = ""
    for address in marked[:1] or [found.address for found in links if found.wallet is None][:_LINKS_TRIED_MAX]:
        try:
            answer = await web.get_following(address, headers)
        except web.Unreachable as error:
            refused = str(error)
            continue
        if answer.status == 200 and answer.content_type in (PASS_CONTENT_TYPE, PACK_CONTENT_TYPE):
            return opened, _bundles_of(answer)
        refused = f"{address} answered {answer.status} with {answer.content_type or 'no content type'}"
    if marked:
        raise CannotInstall(f"the page's Apple Wallet button hands over no pass: {refused}")
    raise CannotInstall(f"{link} shows an iPhone no button that adds a pass to Apple Wallet")


def _bundles_of(answer: web.Response) -> list[BundleDownload]:
    if answer.content_type == PASS_CONTENT_TYPE:
        return [BundleDownload(answer.body, answer.headers.get("last-modified"))]
    try:
        files = unpack(answer.body, _PACK_BYTES_MAX)
    except InvalidPass as error:
        raise CannotInstall(f"the download of several passes cannot be opened: {error}") from error
    if not 1 <= len(files) <= _PACK_PASSES_MAX or not all(name.endswith(".pkpass") for name in files):
        raise CannotInstall(f"the download holds {len(files)} files, not one to {_PACK_PASSES_MAX} passes")
    return [BundleDownload(data, None) for data in files.values()]


async def find_save_link(link: str) -> tuple[Opened, str]:
    """The address behind the page's Google button, or where the link itself redirects. Raises CannotInstall."""
    headers = {"User-Agent": ANDROID_CHROME, "Accept-Language": "en-US"}
    if SAVE_PATH in link:
        return Opened(link=link, status=200, content_type=""), link
    page = await _get(link, headers)
    opened = Opened(link=link, status=page.status, content_type=page.content_type)
    if SAVE_PATH in page.url:
        return opened, page.url
    links = find_links(page.body, page.url)
    for found in links:
        if found.wallet == "google" or (found.wallet is None and SAVE_PATH in found.address):
            return opened, await _where_it_leads(found.address, headers)
    raise CannotInstall(f"{link} shows an Android phone no button that adds a pass to Google Wallet")


async def _where_it_leads(button: str, headers: dict[str, str]) -> str:
    """A button may be the save link itself, or lead there."""
    address = button if SAVE_PATH in button else (await _get(button, headers)).url
    if SAVE_PATH not in address:
        raise CannotInstall("the page's Google Wallet button leads to no save link")
    return address


async def _get(link: str, headers: dict[str, str]) -> web.Response:
    try:
        page = await web.get_following(link, headers, stop_at=lambda address: SAVE_PATH in address)
    except web.Unreachable as error:
        raise CannotInstall(f"the link cannot be opened: {error}") from error
    if page.status >= 400:
        raise CannotInstall(f"the link cannot be opened: {link} answered {page.status}")
    return page
