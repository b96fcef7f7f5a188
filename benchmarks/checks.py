"""1,000 passes of one template, checked by what their values change, against checking each as if it were new, in the same run.

As new: the template is prepared, filled and judged by both wallets' rules as for a request that nobody has seen before. The second
ratio leaves the preparation out of it: only filled and judged. Both ways must give the same findings. Bar: 20 times as fast.
May not enter: the database, HTTP."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, Kind, Location, Style
from billfold.domain.filling import Filling
from billfold.domain.findings import Finding
from billfold.domain.templates import JsonObject, Rules, ValueRule, ValueType
from billfold.flows.template_checks import Judge
from billfold.wallets.apple import rules as apple
from billfold.wallets.google import rules as google
from common import arguments, report

T = TypeVar("T")
BAR, PASSES = 20.0, 1_000
RULES = Rules(
    schema=(ValueRule("member.name", required=True), ValueRule("member.points", ValueType.INTEGER), ValueRule("member.id")),
    bindings={"background_color": "{{ tier.color }}"},
)
CARD = Content(
    "Bayroast Coffee",
    "Loyalty card of Bayroast Coffee",
    Style.STORE_CARD,
    logo_text="Bayroast",
    kind=Kind.LOYALTY,
    header=(Field("points", "{{ member.points | number }}", "POINTS", "You have %@ points now"),),
    primary=(Field("name", "{{ member.name }}", "MEMBER"),),
    secondary=(Field("tier", "{{ tier.name }}", "TIER"), Field("since", "2024", "SINCE")),
    back=(
        Field("www", "https://bayroast.example", "Web"),
        Field("tel", "+43 1 5123456", "Phone"),
        Field("terms", "A free coffee for each hundred points. " * 12, "Terms"),
    ),
    barcode=Barcode(BarcodeFormat.QR, "LOYALTY-{{ member.id }}", "{{ member.id }}"),
    locations=tuple(Location(48.2 + at / 100, 16.4, None, "Your coffee is near") for at in range(5)),
    language="en",
    translations={
        "de": {"description": "Kundenkarte", "fields.points.label": "PUNKTE", "fields.name.label": "MITGLIED"},
        "fr": {"description": "Carte de fidélité", "fields.points.label": "POINTS", "fields.name.label": "MEMBRE"},
    },
)


def both(content: Content) -> tuple[Finding, ...]:
    return (*apple.check(content), *google.check(content))


def members() -> list[JsonObject]:
    """Names, points and tiers as a thousand customers have them."""
    chance = random.Random(20261120)
    first = ("Ada", "Grace", "Maximilian", "Zoë", "Anna Maria", "Jean-Luc", "Ines", "Björn", "Li")
    last = ("Lovelace", "Hopper", "O'Neill", "von Ahlefeldt", "Sørensen", "Ng", "Featherstonehaugh", "Kim")
    tiers = (("Silver", "#4b5563"), ("Gold", "#92400e"), ("Black", "#111827"))
    made: list[JsonObject] = []
    for number in range(PASSES):
        name, color = chance.choice(tiers)
        member = {
            "name": f"{chance.choice(first)} {chance.choice(last)}",
            "points": chance.randrange(20_000),
            "id": f"{number:07d}",
        }
        made.append({"member": member, "tier": {"name": name, "color": color}})
    return made


def timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def main() -> None:
    args = arguments(__doc__ or "")
    values = members()

    def as_new() -> list[tuple[Finding, ...]]:
        return [both(Filling(CARD, RULES).fill(one)) for one in values]

    def filled() -> list[tuple[Finding, ...]]:
        return [both(filling.fill(one)) for one in values]

    def once() -> list[tuple[Finding, ...]]:
        return [judge.judge(one).findings for one in values]

    filling = Filling(CARD, RULES)
    judge = Judge(filling, both)
    as_new()  # warm: language data, caches of single rules
    first_seconds, first = timed(once)  # finds out where the rules change their mind
    new_seconds, new = timed(as_new)
    filled_seconds, plain = timed(filled)
    once_seconds, known = timed(once)
    assert new == plain == first == known, "both ways give the same findings"
    rows = {
        "us a pass, each as if new": new_seconds / PASSES * 1e6,
        "us a pass, filled and judged": filled_seconds / PASSES * 1e6,
        "us a pass, the first thousand of a revision": first_seconds / PASSES * 1e6,
        "us a pass, what its values change": once_seconds / PASSES * 1e6,
        "ratio to as if new": new_seconds / once_seconds,
        "ratio, the first thousand": new_seconds / first_seconds,
        "ratio to filled and judged": filled_seconds / once_seconds,
        "bar": BAR,
        "met": new_seconds / once_seconds >= BAR,
    }
    report(args, "checks", rows)


if __name__ == "__main__":
    main()
