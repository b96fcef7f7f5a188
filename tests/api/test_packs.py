"""Several passes at once: one download, one page; nobody gets by it what one pass alone would not give."""

import io
import zipfile

import pytest

from api.conftest import CARD, World, on_sqlite

pytestmark = on_sqlite
IPHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X)"}
ANDROID = {"User-Agent": "Mozilla/5.0 (Linux; Android 10; K)"}


async def issued(world: World, count: int) -> list[str]:
    made = [await world.client.post("/v1/passes", {"content": CARD | {"logo_text": f"Card {at}"}}) for at in range(count)]
    return [one.json["id"] for one in made]


def query(ids: list[str]) -> str:
    return "/v1/packs?" + "&".join(f"ids={one}" for one in ids)


async def test_several_passes_come_in_one_download(world: World) -> None:
    ids = await issued(world, 3)
    answer = await world.client.get(query(ids))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/vnd.apple.pkpasses")
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.namelist() == [f"{one}.pkpass" for one in ids]
    for one in ids:
        alone = await world.client.get(f"/v1/passes/{one}/apple")
        assert archive.read(f"{one}.pkpass") == alone.body
    page = answer.headers["link"].partition(">")[0].rpartition("/ps/")[2]
    assert page == ".".join(ids)


async def test_what_a_phone_would_not_take_is_refused(world: World) -> None:
    (one,) = await issued(world, 1)
    for ids in ([], [one, one], [one] * 11):
        answer = await world.client.get(query(ids))
        assert (answer.status, answer.problem) == (422, "invalid-input"), ids
    stranger = (await world.other.post("/v1/passes", {"content": CARD})).json["id"]
    assert (await world.client.get(query([one, stranger]))).status in (403, 404)
    assert (await world.client.get(query([one, one[:-1] + "~"]))).status == 422


@pytest.mark.requirement("S3-35", "S3-36")
async def test_the_page_of_several_shows_each_visitor_the_right_buttons(world: World) -> None:
    ids = await issued(world, 2)
    page = f"/ps/{'.'.join(ids)}"
    iphone = await world.client.get(page, headers=IPHONE)
    assert iphone.status == 200
    text = iphone.body.decode()
    assert "Card 0" in text
    assert "Card 1" in text
    assert f'data-wallet="apple" href="{page}/apple"' in text
    assert 'data-wallet="google"' not in text
    assert iphone.headers["cache-control"] == "private, no-cache"
    android = (await world.client.get(page, headers=ANDROID)).body.decode()
    assert [f"/p/{one}/google" in android for one in ids] == [True, True]
    pack = await world.client.get(f"{page}/apple", headers=IPHONE)
    assert pack.headers["content-type"] == "application/vnd.apple.pkpasses"
    assert len(zipfile.ZipFile(io.BytesIO(pack.body)).namelist()) == 2


async def test_a_link_with_an_unknown_pass_or_of_two_issuers_shows_nothing(world: World) -> None:
    (one,) = await issued(world, 1)
    stranger = (await world.other.post("/v1/passes", {"content": CARD})).json["id"]
    unknown = one[:-4] + "0000"
    for ids in ([one, unknown], [one, stranger], [one, one], [one] + [unknown] * 10, ["x"]):
        for path in (f"/ps/{'.'.join(ids)}", f"/ps/{'.'.join(ids)}/apple"):
            assert (await world.client.get(path)).status == 404, path
