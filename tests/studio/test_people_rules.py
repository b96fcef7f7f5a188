"""Who somebody is and what they may do, as values: no database, no server."""

from dataclasses import replace

import pytest

from billfold.domain import people, totp
from billfold.domain.errors import Forbidden, Invalid
from billfold.domain.ids import Environment
from billfold.domain.keys import CONSOLE_OPERATIONS, OPERATIONS, PEOPLE, ROLES, SCOPES, authorize
from billfold.domain.people import DEMO_PERSON, Person
from billfold.web.here import Here, is_loopback

SECRET = b"a secret of twenty b"
NO_ADDRESSES = ["", "ada", "ada@", "@example.com", "a@b", "ada@example.com, eve@example.com", "a\0@b.com", "a" * 300]
ADA = Person("mine00", "a", "ada@example.com", "Ada", "owner", 0)


@pytest.mark.parametrize("written", ["ada@example.com", "ADA@Example.COM", "  ada@example.com\n", "ａda@example.com"])
def test_one_address_has_one_form(written: str) -> None:
    assert people.normal_email(written) == "ada@example.com"


@pytest.mark.parametrize("written", NO_ADDRESSES)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(Invalid):
        people.normal_email(written)


@pytest.mark.parametrize("written", ["short", "x" * 201, "aaaaaaaaaaaaaaaa", "abababababab"])
def test_a_password_is_long_and_not_too_simple(written: str) -> None:
    with pytest.raises(Invalid):
        people.new_password(written, "ada@example.com")


def test_a_code_is_good_for_half_a_minute_more_and_once() -> None:
    now = 1_795_176_000_000
    step = totp.step_at(now, 30)
    code = totp.code(SECRET, step, 6)
    wide = "".join(chr(0xFF10 + int(one)) for one in code)
    for typed in (code, f"{code[:3]} {code[3:]}", f" {code}	", f"{code[:3]}-{code[3:]}", wide):
        assert people.totp_step(ADA, SECRET, typed, now) == step
        assert people.totp_step(ADA, SECRET, typed, now + 30_000) == step
        assert people.totp_step(ADA, SECRET, typed, now + 60_000) is None
        used = Person("mine00", "a", "ada@example.com", "Ada", "owner", 0, totp_step=step)
        assert people.totp_step(used, SECRET, typed, now) is None
    for wrong in ("", "0", "abcdef", code + "0", "０"):
        assert people.totp_step(ADA, SECRET, wrong, now) is None


def test_recovery_codes_differ_and_each_goes_once() -> None:
    codes = people.recovery_codes(bytes(range(100)))
    assert len(set(codes)) == people.RECOVERY_CODES
    kept = tuple(people.digest(people.normal_code(one)) for one in codes)
    person = Person("mine00", "a", "a@b.example", "A", "owner", 0, recovery=kept)
    left = people.recovery_left(person, codes[3].upper().replace("-", " "))
    assert left is not None
    assert len(left) == 9
    assert people.recovery_left(replace(person, recovery=left), codes[3]) is None
    assert people.recovery_left(person, "") is None


def test_roles_are_rows_of_the_one_table() -> None:
    assert set(ROLES) == {"owner", "designer", "marketer", "cashier", "viewer"}
    assert all(scopes <= {*SCOPES, PEOPLE} for scopes in ROLES.values())
    assert ROLES["owner"] == {*SCOPES, PEOPLE}
    assert not any(scope.endswith((":write", ":manage", ":run")) for scope in ROLES["viewer"])
    assert [role for role, scopes in ROLES.items() if PEOPLE in scopes or "keys:manage" in scopes] == ["owner"]
    assert PEOPLE not in SCOPES, "no access key can hold it"


@pytest.mark.parametrize("role", ROLES)
def test_a_person_may_what_their_role_says_and_nothing_else(role: str) -> None:
    actor = people.actor(Person("mine00", "a", "a@b.example", "A", role, 0), Environment.LIVE, proved=True)
    for operation, scope in {**OPERATIONS, **CONSOLE_OPERATIONS}.items():
        if scope in ROLES[role]:
            authorize(actor, operation)
        else:
            with pytest.raises(Forbidden):
                authorize(actor, operation)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_gives_a_role_that_may_more_than_they(role: str) -> None:
    for given in ROLES:
        if ROLES[given] <= ROLES[role]:
            assert people.check_role(given, ROLES[role]) == given
        else:
            with pytest.raises(Forbidden):
                people.check_role(given, ROLES[role])
    with pytest.raises(Invalid):
        people.check_role("root", ROLES[role])


def test_the_demos_door_leads_to_test_alone_and_not_to_people() -> None:
    demo = Person("mine00", DEMO_PERSON, "", "Demo", "owner", 0)
    with pytest.raises(Forbidden):
        people.actor(demo, Environment.LIVE)
    assert PEOPLE not in people.actor(demo, Environment.TEST).scopes


def test_three_names_of_this_machine_are_one_origin_and_a_public_one_is_one() -> None:
    assert Here("http://127.0.0.1:8000").origins == {"http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"}
    assert Here("https://pass.example").origins == {"https://pass.example"}
    assert Here("https://pass.example").secure
    assert [is_loopback(one) for one in ("127.0.0.1", "127.8.8.8", "[::1]", "::1", "localhost", "LOCALHOST")] == [True] * 6
    assert [is_loopback(one) for one in ("0.0.0.0", "10.0.0.1", "localhost.evil.example", "127.0.0.1.nip.io", "")] == [False] * 5
