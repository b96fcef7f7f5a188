"""What the rows of the checklist ask the stand-in. May not enter: tests."""

from typing import Any

from sandbox.google import samples
from sandbox.google.conftest import ISSUER, Answer, Google

CLASS, OBJECT = f"{ISSUER}.card", f"{ISSUER}.one"


def assert_refused(answer: Answer, status: int, reason: str, message: str = "") -> None:
    assert (answer.status, answer.reason) == (status, reason), answer.raw
    assert message in answer.message


def put_class(google: Google, **more: Any) -> Answer:
    return google.api("POST", "/loyaltyClass", samples.loyalty_class(CLASS, **more))


def put_object(google: Google, **more: Any) -> Answer:
    return google.api("POST", "/loyaltyObject", samples.loyalty_object(OBJECT, CLASS, **more))
