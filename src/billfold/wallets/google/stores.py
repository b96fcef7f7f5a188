"""Loyalty cards, offers and gift cards: their own members of class and object, from roles.

May not enter: what all verticals have (classes.py, objects.py). Source: reference/google-wallet.md section 9.1."""

from billfold.domain.content import Field, MoneyFormat, NumberFormat, Role
from billfold.domain.formatting import number_of
from billfold.wallets.google.look import HOLDERS, IN_TITLE, UNDER_REVIEW, Look, Made, whole
from billfold.wallets.google.shapes import (
    GiftCardClass,
    GiftCardObject,
    LoyaltyClass,
    LoyaltyObject,
    LoyaltyPoints,
    OfferClass,
    OfferObject,
    PointsBalance,
)
from billfold.wallets.google.words import base_of, twin


def loyalty(look: Look) -> Made:
    words, issuer = look.words, look.issuer()
    program = look.role(Role.PROGRAM_NAME)
    name = (words.value(program) if program else None) or look.card_title()
    tier, member, number = look.role(Role.TIER), look.role(Role.MEMBER_NAME), look.role(Role.MEMBER_ID, Role.CARD_NUMBER)
    first, second = points_fields(look)
    tier_text, tier_label = (words.value(tier), words.label(tier)) if tier else (None, None)
    member_label, number_label = words.label(member) if member else None, words.label(number) if number else None
    made = Made(
        LoyaltyClass(
            id="",
            multiple_devices_and_holders_allowed_status=HOLDERS,
            issuer_name=issuer.default_value.value,
            localized_issuer_name=twin(issuer),
            review_status=UNDER_REVIEW,
            program_name=name.default_value.value,
            localized_program_name=twin(name),
            program_logo=look.logo(),
            wide_program_logo=look.image(look.images.wide_logo),
            hex_background_color=look.content.background_color,
            account_name_label=base_of(member_label),
            localized_account_name_label=twin(member_label),
            account_id_label=base_of(number_label),
            localized_account_id_label=twin(number_label),
            rewards_tier=base_of(tier_text),
            localized_rewards_tier=twin(tier_text),
            rewards_tier_label=base_of(tier_label),
            localized_rewards_tier_label=twin(tier_label),
        ),
        LoyaltyObject(
            id="",
            class_id="",
            state="",
            account_name=words.text(member) if member else None,
            account_id=words.text(number) if number else None,
            loyalty_points=_points(look, first) if first else None,
            secondary_loyalty_points=_points(look, second) if second else None,
        ),
    )
    made.put(program, IN_TITLE)
    made.put(tier, "class.rewardsTier")
    made.put(member, "object.accountName")
    made.put(number, "object.accountId")
    made.put(first, "object.loyaltyPoints.balance")
    made.put(second, "object.secondaryLoyaltyPoints.balance")
    return made


def points_fields(look: Look) -> tuple[Field | None, Field | None]:
    """The two fields that stand as balances: points before money."""
    found = [one for role in (Role.POINTS, Role.BALANCE, Role.SECONDARY_POINTS) if (one := look.role(role)) is not None]
    return (found[0] if found else None), (found[1] if len(found) > 1 else None)


def _points(look: Look, one: Field) -> LoyaltyPoints:
    label = look.words.label(one)
    return LoyaltyPoints(balance=_balance(look, one), label=base_of(label), localized_label=twin(label))


def _balance(look: Look, one: Field) -> PointsBalance:
    """A number where it is one, so that Google writes it in the holder's language; else the text as it is."""
    if isinstance(one.format, MoneyFormat):
        amount = look.money_of(one)
        return PointsBalance(money=amount) if amount else PointsBalance(string=one.value)
    number = number_of(one.value) if one.format is None or isinstance(one.format, NumberFormat) else None
    if one.format is not None and number is not None and one.format != NumberFormat():
        return PointsBalance(string=look.words.text(one))
    if (units := whole(number)) is not None:
        return PointsBalance(units=units)
    if number is not None and one.format is not None:
        return PointsBalance(double=float(number))
    return PointsBalance(string=look.words.text(one))


def offer(look: Look) -> Made:
    words, issuer = look.words, look.issuer()
    title, title_field = look.title(Role.OFFER_TITLE)
    provider, details, fine = look.role(Role.PROVIDER), look.role(Role.DETAILS), look.role(Role.FINE_PRINT)
    by = (words.value(provider) if provider else None) or issuer
    details_text, fine_text = words.value(details) if details else None, words.value(fine) if fine else None
    code = look.content.barcode or look.content.rotating_barcode
    made = Made(
        OfferClass(
            id="",
            multiple_devices_and_holders_allowed_status=HOLDERS,
            issuer_name=issuer.default_value.value,
            localized_issuer_name=twin(issuer),
            review_status=UNDER_REVIEW,
            title=title.default_value.value,
            localized_title=twin(title),
            provider=by.default_value.value,
            localized_provider=twin(by),
            redemption_channel="INSTORE" if code else "ONLINE",
            title_image=look.logo(),
            wide_title_image=look.image(look.images.wide_logo),
            hex_background_color=look.content.background_color,
            details=base_of(details_text),
            localized_details=twin(details_text),
            fine_print=base_of(fine_text),
            localized_fine_print=twin(fine_text),
        ),
        OfferObject(id="", class_id="", state=""),
    )
    for one in (title_field, provider, details, fine):
        made.put(one, IN_TITLE)
    return made


def gift_card(look: Look) -> Made:
    words, issuer = look.words, look.issuer()
    number, pin, balance = look.role(Role.CARD_NUMBER, Role.MEMBER_ID), look.role(Role.PIN), look.role(Role.BALANCE)
    provider = look.role(Role.PROVIDER)
    merchant = (words.value(provider) if provider else None) or look.card_title()
    amount = look.money_of(balance) or look.tags.money("balance")
    code = look.content.barcode
    number_label, pin_label = words.label(number) if number else None, words.label(pin) if pin else None
    made = Made(
        GiftCardClass(
            id="",
            multiple_devices_and_holders_allowed_status=HOLDERS,
            issuer_name=issuer.default_value.value,
            localized_issuer_name=twin(issuer),
            review_status=UNDER_REVIEW,
            merchant_name=merchant.default_value.value,
            localized_merchant_name=twin(merchant),
            program_logo=look.logo(),
            wide_program_logo=look.image(look.images.wide_logo),
            hex_background_color=look.content.background_color,
            allow_barcode_redemption=True,
            card_number_label=base_of(number_label),
            localized_card_number_label=twin(number_label),
            pin_label=base_of(pin_label),
            localized_pin_label=twin(pin_label),
        ),
        GiftCardObject(
            id="",
            class_id="",
            state="",
            card_number=words.text(number) if number else code.message if code else "",
            pin=words.text(pin) if pin else None,
            balance=amount,
        ),
    )
    made.put(provider, IN_TITLE)
    made.put(number, "object.cardNumber")
    made.put(pin, "object.pin")
    if amount is not None:
        made.put(balance, IN_TITLE)
        made.put_tags(look, balance=IN_TITLE)
    return made
