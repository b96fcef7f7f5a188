"""Where the tables' pages are: `/studio/<environment>/passes` and `/members`, and what their forms send.

May not enter: what any of them shows."""

from starlette.routing import Route

from billfold.records.hand_out_pages import HandOutPages
from billfold.records.member_pages import MemberPages
from billfold.records.pass_pages import PassPages
from billfold.records.room import ROOM
from billfold.studio.desk import HOME, Desk

PASSES, MEMBERS = f"{HOME}/{{environment}}/passes", f"{HOME}/{{environment}}/members"


def create_routes(desk: Desk) -> list[Route]:
    passes, members, new = PassPages(), MemberPages(), HandOutPages()
    return [
        ROOM.assets.route(),
        Route(PASSES, desk.inside(passes.table), methods=["GET"]),
        Route(f"{PASSES}/new", desk.inside(new.page), methods=["GET"]),
        Route(f"{PASSES}/new", desk.inside(new.make), methods=["POST"]),
        Route(f"{PASSES}/{{serial}}", desk.inside(passes.one), methods=["GET"]),
        *(
            Route(f"{PASSES}/{{serial}}/{name}", desk.inside(act), methods=["POST"])
            for name, act in (("values", passes.change), ("void", passes.void), ("reissue", passes.reissue), ("link", passes.send))
        ),
        Route(MEMBERS, desk.inside(members.table), methods=["GET"]),
        Route(f"{MEMBERS}/new", desk.inside(members.new), methods=["GET"]),
        Route(f"{MEMBERS}/new", desk.inside(members.add), methods=["POST"]),
        Route(f"{MEMBERS}/{{member}}", desk.inside(members.one), methods=["GET"]),
        Route(f"{MEMBERS}/{{member}}/change", desk.inside(members.change), methods=["POST"]),
        Route(f"{MEMBERS}/{{member}}/erase", desk.inside(members.erase), methods=["POST"]),
    ]
