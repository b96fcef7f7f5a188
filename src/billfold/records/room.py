"""The room's folder, and what its pages have in common. May not enter: what any page shows."""

from pathlib import Path
from urllib.parse import urlencode

from starlette.responses import Response

from billfold.domain.errors import Invalid
from billfold.studio.desk import ROOM as STUDIO
from billfold.studio.desk import Visit
from billfold.web.pages import PageRoom

ROOM = PageRoom("records", Path(__file__).parent, within=STUDIO)


def asked(visit: Visit, name: str, length_max: int = 200) -> str:
    """A parameter of the address, cut where nobody would type on."""
    return visit.request.query_params.get(name, "").replace("\0", " ")[:length_max]


def with_query(visit: Visit, path: str, **parameters: str) -> str:
    given = {name: value for name, value in parameters.items() if value}
    return visit.address(path) + (f"?{urlencode(given)}" if given else "")


def done(visit: Visit, path: str, what: str) -> Response:
    """After a change: the page again, which says what was done."""
    return visit.go(f"{path}?done={what}")


def problems_of(error: Invalid, before: str = "") -> dict[str, str]:
    """Field → what is wrong with it and how to mend it; `before` is taken off the fields' paths."""
    return {one.path.removeprefix(before): f"{one.message}: {one.mend}" for one in error.problems}
