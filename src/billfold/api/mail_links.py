"""The link under every mail, `/u/<token>`: a page with one button, and the button. Nobody signs in.

A GET changes nothing, since mail programs and their scanners open links by themselves; a POST unsubscribes, from the page or
straight from the mail program (RFC 8058). May not enter: storage, tokens' form."""

import base64
import secrets
from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from billfold.domain.errors import NotFound
from billfold.flows import mail_returns
from billfold.ports import Services
from billfold.web import languages

_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_POLICY = "default-src 'none'; style-src 'nonce-{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "No more mails",
        "ask": "Stop mails from {sender}? What you ask for yourself, such as the link to a pass, still reaches you.",
        "button": "Unsubscribe",
        "done": "Done. You get no more mails of this kind from {sender}.",
        "missing": "This link is not complete. Open it again from the mail itself.",
    },
    "de": {
        "title": "Keine E-Mails mehr",
        "ask": "E-Mails von {sender} abbestellen? Was Sie selbst anfordern, etwa den Link zu einer Karte, kommt weiterhin an.",
        "button": "Abbestellen",
        "done": "Erledigt. Sie bekommen von {sender} keine solchen E-Mails mehr.",
        "missing": "Dieser Link ist unvollständig. Öffnen Sie ihn noch einmal aus der E-Mail.",
    },
    "fr": {
        "title": "Plus de courriels",
        "ask": "Ne plus recevoir de courriels de {sender} ? Ce que vous demandez vous-même vous parviendra.",
        "button": "Se désabonner",
        "done": "C’est fait. Vous ne recevrez plus de tels courriels de {sender}.",
        "missing": "Ce lien est incomplet. Rouvrez-le depuis le courriel.",
    },
}


class MailLinks:
    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        return [Route("/u/{token}", self.page, methods=["GET"]), Route("/u/{token}", self.unsubscribe, methods=["POST"])]

    async def page(self, request: Request) -> Response:
        try:
            who = mail_returns.subscriber(self._services, request.path_params["token"])
            sender = await mail_returns.sender_name(self._services, who)
        except NotFound:
            return _shown(request, "missing", "", 404)
        return _shown(request, "ask", sender)

    async def unsubscribe(self, request: Request) -> Response:
        """The body says nothing that the address does not say, so it is not read."""
        try:
            who = mail_returns.subscriber(self._services, request.path_params["token"])
            sender = await mail_returns.sender_name(self._services, who)
        except NotFound:
            return _shown(request, "missing", "", 404)
        await mail_returns.unsubscribe(self._services, who)
        return _shown(request, "done", sender)


def _shown(request: Request, state: str, sender: str, status: int = 200) -> Response:
    language = languages.choose(request.headers.get("accept-language", ""), tuple(WORDS))
    words, nonce = WORDS[language], base64.b64encode(secrets.token_bytes(12)).decode()
    page = _PAGES.get_template("unsubscribe.html").render(
        language=language,
        title=words["title"],
        text=words[state].format(sender=sender),
        button=words["button"],
        state=state,
        nonce=nonce,
    )
    headers = {
        "Content-Security-Policy": _POLICY.format(nonce),
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    return HTMLResponse(page, status, headers)
