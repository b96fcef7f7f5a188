"""A pass that is handed out without a name becomes its holder's own: what the form beside it asked for becomes values of the pass.

The values stand under `sign_up` (`{{ sign_up.given_name }}` in a template) and say by being there that the form is answered, so
it is shown to nobody again. May not enter: how a phone names the answers' members on the wire, storage."""

from collections.abc import Mapping
from typing import Final

import msgspec

from billfold.domain.content import Content, JsonObject, SignUp, SignUpField
from billfold.domain.errors import FieldProblem, Invalid

VALUE: Final = "sign_up"
ANSWER_MAX: Final = 256
ANSWERS: Final[Mapping[SignUpField, tuple[str, ...]]] = {
    SignUpField.NAME: ("name", "given_name", "family_name"),
    SignUpField.POSTAL_CODE: ("postal_code", "country"),
    SignUpField.EMAIL: ("email",),
    SignUpField.PHONE: ("phone",),
}
"""What is asked for → the values that an answer may bring."""


def is_answered(values: JsonObject) -> bool:
    return VALUE in values


def shown(content: Content, values: JsonObject) -> Content:
    """Without the form where it is answered."""
    return msgspec.structs.replace(content, sign_up=None) if content.sign_up is not None and is_answered(values) else content


def answered(form: SignUp, answers: Mapping[str, object]) -> JsonObject:
    """The value of a pass whose form brought these answers, as far as they were asked for. Raises Invalid."""
    known = [name for asked in form.ask for name in ANSWERS[asked]]
    made: JsonObject = {name: _text(name, answers[name]) for name in known if answers.get(name) not in (None, "")}
    if not made:
        raise Invalid(FieldProblem(VALUE, "nothing_answered", "none of what was asked for is there", "send what the form asks for"))
    return made


def _text(name: str, given: object) -> str:
    if not isinstance(given, str) or len(given) > ANSWER_MAX or not given.isprintable():
        mend = f"send a text of at most {ANSWER_MAX} characters"
        raise Invalid(FieldProblem(f"{VALUE}.{name}", "malformed", "this is no short line of text", mend))
    return given


def kept(before: JsonObject, after: JsonObject) -> JsonObject:
    """New values of a pass: what its holder answered stays where they say nothing of it."""
    return {VALUE: before[VALUE], **after} if VALUE in before and VALUE not in after else after
