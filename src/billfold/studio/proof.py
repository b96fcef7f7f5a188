"""What proves somebody, as pages ask for it: the picture that an authenticator app scans, and a proof asked for again.

May not enter: routes, what is proved (flows/accounts.py)."""

from base64 import b32encode
from urllib.parse import quote

import segno
from starlette.requests import Request

from billfold.domain import people
from billfold.domain.errors import BillfoldError, Unauthenticated
from billfold.flows import accounts
from billfold.flows import people as people_flows
from billfold.flows.sign_in import SignedIn
from billfold.ports import Services
from billfold.web.guesses import attempt, count_failed

SURFACE = "console"


def account_name(workspace: str, email: str) -> str:
    """One account is one for the limit of guesses, however its address is written."""
    try:
        return f"person {workspace} {people.normal_email(email)}"
    except BillfoldError:
        return f"person {workspace} nobody"


async def prove_again(services: Services, request: Request, signed_in: SignedIn, typed: str) -> SignedIn:
    """By the password or a code. Raises Unauthenticated, TooMany."""
    person = signed_in.person
    attempt(services, request, SURFACE, account_name(person.workspace, person.email))
    try:
        return await accounts.prove_by_typing(services, signed_in, typed)
    except Unauthenticated as error:
        count_failed(request, SURFACE, error.reason)
        raise


def code_set_up(services: Services, workspace: str, email: str, salt: str) -> dict[str, str]:
    """What a page shows to an authenticator app, and to who types: `salt`, `secret`, `qr`."""
    secret = b32encode(people_flows.totp_secret(services, workspace, salt)).decode()
    address = f"otpauth://totp/Billfold:{quote(email or 'console')}?secret={secret}&issuer=Billfold"
    picture = segno.make(address, error="m", micro=False)
    return {
        "salt": salt,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "qr": picture.svg_inline(omitsize=True, border=4, dark="#111827", light="#ffffff", title="otpauth"),
    }
