"""The device's end of Apple's PassKit web service: one function per endpoint, answers judged on the spot.

A wrong answer is a ServerWrong that carries the text for the log endpoint. May not enter: state; the order of calls (iphone.py).
Source: reference/apple-wallet.md sections 4.1, 4.7.
"""

import json
from dataclasses import dataclass
from urllib.parse import quote

from billfold.sandbox.phones import web

PASS_CONTENT_TYPE = "application/vnd.apple.pkpass"
USER_AGENT = "passd/1.0 CFNetwork/3860.100.1 Darwin/25.0.0"


class ServerWrong(Exception):
    """The server broke the protocol. `retry`: the phone tries again later, for it may be a passing trouble."""

    def __init__(self, complaint: str, *, retry: bool = False) -> None:
        super().__init__(complaint)
        self.complaint = complaint
        self.retry = retry


@dataclass(frozen=True)
class PassAddress:
    """Where a pass is kept current. `token` is its authentication token."""

    web_service_url: str
    pass_type_identifier: str
    serial_number: str
    token: str


@dataclass(frozen=True)
class ChangedList:
    """The answer to "What changed?"."""

    serial_numbers: tuple[str, ...]
    last_updated: str


@dataclass(frozen=True)
class ServedPass:
    """A pass given anew. `last_modified` None: the server did not say, which is a fault of its own."""

    data: bytes
    last_modified: str | None


async def register(pass_: PassAddress, device: str, push_token: str) -> int:
    """201 when new, 200 when the server knew. Raises ServerWrong, web.Unreachable."""
    body = json.dumps({"pushToken": push_token}).encode()
    headers = {**_authorized(pass_), "Content-Type": "application/json"}
    response = await web.request("POST", _registration(pass_, device), headers, body)
    if response.status not in (200, 201):
        raise _unexpected("Register task", pass_, response.status)
    return response.status


async def unregister(pass_: PassAddress, device: str) -> None:
    """Raises ServerWrong, web.Unreachable."""
    response = await web.request("DELETE", _registration(pass_, device), _authorized(pass_))
    if response.status != 200:
        raise _unexpected("Unregister task", pass_, response.status)


async def list_changed(web_service_url: str, pass_type_identifier: str, device: str, tag: str | None) -> ChangedList | None:
    """What changed since `tag`; None: nothing. Raises ServerWrong, web.Unreachable."""
    url = f"{_base(web_service_url)}/devices/{_segment(device)}/registrations/{_segment(pass_type_identifier)}"
    if tag is not None:
        url += f"?passesUpdatedSince={quote(tag, safe='')}"
    response = await web.request("GET", url, {"User-Agent": USER_AGENT, "Accept": "application/json"})
    task = f"Get serial #s task (pass type {pass_type_identifier})"
    if response.status == 204:
        return None
    if response.status != 200:
        raise ServerWrong(f"{task} encountered error: Unexpected response code {response.status}", retry=_passing(response.status))
    try:
        answer = response.json()
    except ValueError:
        answer = None
    serials = answer.get("serialNumbers") if isinstance(answer, dict) else None
    last_updated = answer.get("lastUpdated") if isinstance(answer, dict) else None
    if not isinstance(serials, list) or not all(isinstance(serial, str) for serial in serials):
        raise ServerWrong(f"{task} encountered error: the response has no list of serialNumbers")
    if not isinstance(last_updated, str) or not last_updated:
        raise ServerWrong(f"{task} encountered error: the response has no lastUpdated tag that is a string")
    if not serials:
        raise ServerWrong(f"{task} encountered error: an empty list where 204 without a body belongs")
    if last_updated == tag:
        raise ServerWrong(
            f"Response to 'What changed?' included {len(serials)} serial numbers but the lastUpdated tag ({tag}) remained the same."
        )
    return ChangedList(tuple(serials), last_updated)


async def fetch(pass_: PassAddress, if_modified_since: str | None) -> ServedPass | None:
    """The pass as the server has it now; None: 304. Raises ServerWrong, web.Unreachable."""
    headers = _authorized(pass_)
    if if_modified_since is not None:
        headers["If-Modified-Since"] = if_modified_since
    response = await web.request("GET", _pass(pass_), headers)
    if response.status == 304 and if_modified_since is not None:
        return None
    if response.status != 200:
        raise _unexpected("Get pass task", pass_, response.status)
    if response.content_type != PASS_CONTENT_TYPE:
        raise invalid_pass(pass_, f"its Content-Type is {response.content_type or 'missing'}")
    return ServedPass(response.body, response.headers.get("last-modified"))


async def log(web_service_url: str, texts: list[str]) -> int:
    """Sends complaints; gives back the status. Raises web.Unreachable."""
    body = json.dumps({"logs": texts}).encode()
    headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json"}
    return (await web.request("POST", f"{_base(web_service_url)}/log", headers, body)).status


def invalid_pass(pass_: PassAddress, reason: str) -> ServerWrong:
    return ServerWrong(f"{_task('Get pass task', pass_)} encountered error: Received invalid pass data ({reason})")


def missing_last_modified(pass_: PassAddress) -> str:
    return f"{_task('Get pass task', pass_)}: Server returned the pass data but did not provide a last-modified header"


def unchanged_although_listed(serial_number: str) -> str:
    return f"Server requested update to serial number '{serial_number}', but the pass was unchanged."


def _unexpected(task: str, pass_: PassAddress, status: int) -> ServerWrong:
    return ServerWrong(f"{_task(task, pass_)} encountered error: Unexpected response code {status}", retry=_passing(status))


def _task(task: str, pass_: PassAddress) -> str:
    return f"{task} (pass type {pass_.pass_type_identifier}, serial number {pass_.serial_number})"


def _passing(status: int) -> bool:
    return status >= 500 or status == 429


def _authorized(pass_: PassAddress) -> dict[str, str]:
    return {"User-Agent": USER_AGENT, "Authorization": f"ApplePass {pass_.token}"}


def _registration(pass_: PassAddress, device: str) -> str:
    kind, serial = _segment(pass_.pass_type_identifier), _segment(pass_.serial_number)
    return f"{_base(pass_.web_service_url)}/devices/{_segment(device)}/registrations/{kind}/{serial}"


def _pass(pass_: PassAddress) -> str:
    kind, serial = _segment(pass_.pass_type_identifier), _segment(pass_.serial_number)
    return f"{_base(pass_.web_service_url)}/passes/{kind}/{serial}"


def _base(web_service_url: str) -> str:
    return f"{web_service_url.rstrip('/')}/v1"


def _segment(text: str) -> str:
    return quote(text, safe="")
