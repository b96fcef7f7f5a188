"""The link under every mail, `/u/<token>`: a page with one button, and the button. Nobody signs in.

A GET changes nothing, since mail programs and their scanners open links by themselves; a POST unsubscribes, from the page or
straight from the mail program (RFC 8058). May not enter: storage, tokens' form."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billfold.domain.errors import NotFound
from billfold.flows import mail_returns
from billfold.ports import Services
from billfold.web.pages import PageRoom, page
from billfold.web.policy import STRICT, Policy

ROOM = PageRoom("unsubscribe", Path(__file__).parent / "unsubscribe")
POLICY = Policy({name: sources for name, sources in STRICT.sources.items() if name != "script-src"})
"""A page for people who came from a mail: it runs nothing, and it names the brand alone."""


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
    return page(request, ROOM, "unsubscribe.html", status=status, policy=POLICY, state=state, sender=sender)
