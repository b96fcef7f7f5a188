"""What a pass is for, decided once: Google keeps each kind of pass apart, and none becomes another later.

A template's kind follows from its style where it does not say, and is then part of its content; a pass with its own content is
generic unless it says otherwise. May not enter: what a wallet makes of a kind. Source: reference/google-wallet.md section 1.2."""

from msgspec.structs import replace

from billfold.domain.content import Content, Kind, Role, Style, TransitType
from billfold.domain.errors import Conflict

_BY_STYLE = {
    Style.GENERIC: Kind.GENERIC,
    Style.COUPON: Kind.OFFER,
    Style.EVENT_TICKET: Kind.EVENT_TICKET,
}


def kind_of(content: Content, *, has_template: bool) -> Kind:
    """The kind that the content says, else the one that its style has (a store card that is about money is a gift card)."""
    if content.kind is not None:
        return content.kind
    if not has_template:
        return Kind.GENERIC
    if content.style is Style.STORE_CARD:
        return Kind.GIFT_CARD if content.by_role(Role.BALANCE) else Kind.LOYALTY
    if content.style is Style.BOARDING_PASS:
        return Kind.FLIGHT if content.transit_type is TransitType.AIR else Kind.TRANSIT
    return _BY_STYLE[content.style]


def settle(content: Content) -> Content:
    """A new template's content, which says its kind from now on."""
    return replace(content, kind=kind_of(content, has_template=True))


def keep(content: Content, before: Content, *, issued: bool) -> Content:
    """Content that takes the place of `before`: of the same kind where it does not say. `issued`: phones may have it already.

    Raises Conflict when it says another kind then."""
    old = before.kind or Kind.GENERIC
    if content.kind is None:
        return content if before.kind is None else replace(content, kind=before.kind)
    if issued and content.kind is not old:
        raise Conflict(
            "kind_fixed",
            f"the kind of a pass is fixed by its issue ({old.value}); leave `kind` as it was, or make a new template or pass",
        )
    return content
