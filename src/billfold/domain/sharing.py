"""What the page of a pass says before anybody reads the pass itself: under whose name it is handed out, and whether it is good.

May not enter: HTML, words, which phone asks."""

from dataclasses import dataclass
from enum import StrEnum

from billfold.domain.content import Content, ImageSlot
from billfold.domain.loyalty import Brand, Card
from billfold.domain.passes import Template

_EXPRESSION = "{{"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Nothing of a holder is in it, so programs that show previews of links may have it. `name` may be ""; `color`: #rrggbb;
    `logo`: content hash of the picture as it was given."""

    name: str
    color: str
    logo: str | None


def issuer_of(content: Content, template: Template | None, brand: Brand | None) -> Issuer:
    """The brand of a card; else whom the pass names as its issuer. `content`: as the holder sees it.

    Of a template only what is the same on all its passes counts: a name that each pass fills is perhaps its holder's."""
    common = content if template is None else template.content
    logo = common.images.get(ImageSlot.LOGO)
    if brand is not None:
        return Issuer(brand.name, brand.color, brand.logo or logo)
    name = common.organization_name
    return Issuer("" if _EXPRESSION in name and template is not None else name, content.background_color, logo)


class State(StrEnum):
    """Whether a pass is good now, and if not, why."""

    VALID = "valid"
    NOT_STARTED = "not_started"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    REDEEMED = "redeemed"
    VOIDED = "voided"
    REMOVED = "removed"


OVER = frozenset({State.EXPIRED, State.REDEEMED, State.VOIDED, State.REMOVED})
"""Nothing brings such a pass back, so nobody is asked to add it."""


def state_of(content: Content, card: Card | None, now_ms: int) -> State:
    """A card's own words come first, since a till says the same; its pass is void too while it is blocked."""
    if card is not None and (why := card.usable(now_ms)):
        return State(why)
    if content.voided:
        return State.VOIDED
    if content.expires_at is not None and content.expires_at * 1000 <= now_ms:
        return State.EXPIRED
    if content.valid_from is not None and content.valid_from * 1000 > now_ms:
        return State.NOT_STARTED
    return State.VALID


def starts_at_ms(content: Content, card: Card | None) -> int | None:
    """From when on it is good, where that is said."""
    if card is not None and card.starts_at_ms is not None:
        return card.starts_at_ms
    return None if content.valid_from is None else content.valid_from * 1000
