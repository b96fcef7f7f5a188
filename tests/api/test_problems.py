"""One table from errors to problems (RFC 9457): complete, honest about nothing of the inside, and written down for people."""

import json
from pathlib import Path

import pytest

from billfold.api import problems
from billfold.api.problems import INTERNAL, PROBLEMS, problem_of, problem_response
from billfold.domain import errors
from billfold.domain.errors import BillfoldError, FieldProblem

EXAMPLES: list[tuple[BillfoldError, int, str, dict[str, object]]] = [
    (errors.NotFound("pass"), 404, "not-found", {"detail": "no such pass"}),
    (errors.WrongScope("pass"), 404, "not-found", {"detail": "no such pass"}),
    (errors.Unauthenticated("revoked"), 401, "unauthenticated", {}),
    (errors.Forbidden("passes:write"), 403, "forbidden", {"needed": "passes:write"}),
    (errors.Conflict("pass_has_template", "text"), 409, "conflict", {"code": "pass_has_template", "detail": "text"}),
    (errors.IdempotencyMismatch(), 422, "idempotency-key-reused", {"code": "idempotency_key_reused"}),
    (errors.TooMany("rate", "text", 7), 429, "too-many", {"policy": "rate"}),
    (errors.CredentialMissing("apple", "run this"), 409, "credential-missing", {}),
    (errors.CredentialRefused("expired", "text", "mend"), 422, "credential-refused", {"code": "expired"}),
    (errors.Unavailable("text", 3), 503, "unavailable", {"detail": "text"}),
]


@pytest.mark.parametrize(("error", "status", "slug", "fields"), EXAMPLES, ids=lambda one: type(one).__name__)
def test_an_error_becomes_its_problem(error: BillfoldError, status: int, slug: str, fields: dict[str, object]) -> None:
    response = problem_response(error, "r1")
    body = json.loads(response.body)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert body["type"] == f"/docs/problems#{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body.items() >= fields.items()


def test_invalid_input_names_each_field_and_its_mend() -> None:
    wrong = errors.Invalid(
        FieldProblem("a.b", "too_long", "has more than 5 characters", "send at most 5"), FieldProblem("", "x", "y", "z")
    )
    body = json.loads(problem_response(wrong, "r1").body)
    assert body["errors"] == [
        {"path": "a.b", "code": "too_long", "message": "has more than 5 characters", "mend": "send at most 5"},
        {"path": "", "code": "x", "message": "y", "mend": "z"},
    ]


def test_another_workspaces_thing_and_one_that_never_was_give_the_same_bytes() -> None:
    answers = [problem_response(one, "r") for one in (errors.NotFound("template"), errors.WrongScope("template"))]
    assert answers[0].body == answers[1].body
    assert answers[0].raw_headers == answers[1].raw_headers


@pytest.mark.parametrize("error", [errors.TooMany("rate", "text", 9), errors.Unavailable("text", 9)])
def test_who_should_come_back_is_told_when(error: BillfoldError) -> None:
    assert problem_response(error, "r").headers["retry-after"] == "9"


def test_who_is_not_known_hears_not_why() -> None:
    answers = {problem_response(errors.Unauthenticated(why), "r").body for why in ("missing", "unknown", "expired", "revoked")}
    assert len(answers) == 1


def test_a_bug_shows_nothing_of_the_inside() -> None:
    response = problem_response(KeyError("the secret of the house"), "r-42")
    assert response.status_code == 500
    assert json.loads(response.body) == {
        "type": "/docs/problems#internal",
        "title": INTERNAL.title,
        "status": 500,
        "request_id": "r-42",
    }


def test_every_error_of_the_domain_has_a_row() -> None:
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, BillfoldError) and kind is not BillfoldError:
            assert problem_of(kind.__new__(kind)) is not INTERNAL, kind


def test_a_slug_has_one_status() -> None:
    assert len({row.slug for row in PROBLEMS.values()}) == len({(row.slug, row.status) for row in PROBLEMS.values()})


def test_the_documentation_says_of_each_type_what_to_do() -> None:
    """Written by `python -c "from billfold.api import problems; print(problems.reference(), end='')" > docs/problems.md`."""
    page = Path(__file__).parents[2] / "docs" / "problems.md"
    assert page.read_text(encoding="utf-8") == problems.reference()
    for row in (*PROBLEMS.values(), INTERNAL):
        assert f"## {row.slug}\n" in page.read_text(encoding="utf-8")
        assert row.mend.endswith(".")
