"""The table of pictures that a content may name for Google, held against Google's own description."""

from collections.abc import Iterator

import pytest

from billfold.domain.content import Kind
from billfold.flows.own_pictures import CLASS, OBJECT, places
from billfold.wallets.google.verticals import VERTICALS
from billfold.wallets.google.vocabulary import vocabulary

ELSEWHERE = ("classReference", "appLinkData")
"""A class within its object, which only Google writes; outdated pictures of apps."""


def pictures(type_name: str, path: str = "", seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Paths of the pictures of a type that are not outdated; of a list, the list."""
    types = vocabulary().types
    for one in types[type_name].values():
        here = f"{path}.{one.name}".lstrip(".")
        if one.outdated or one.name in ELSEWHERE:
            continue
        if one.kind == "Image":
            yield here
        elif one.kind in types and one.kind not in seen:
            inner = list(pictures(one.kind, here, (*seen, type_name)))
            yield from [here] if one.listed and inner else inner


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_the_pictures_that_googles_description_gives_it(kind: Kind) -> None:
    vertical, table = VERTICALS[kind], places(kind)
    for part, type_name in ((CLASS, vertical.class_type), (OBJECT, vertical.object_type)):
        assert sorted(one.path for one in table if one.part == part) == sorted(pictures(type_name)), type_name


def test_a_content_that_says_no_kind_is_generic_as_for_google() -> None:
    assert places(None) == places(Kind.GENERIC)
