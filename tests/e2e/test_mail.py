"""A mail through the product as it ships: queued, the server killed, started again; caught, looked at, unsubscribed, bounced."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from billfold import bootstrap
from billfold.domain.ids import PassId, scope_of_pass
from billfold.domain.mail import Mail, MailKind
from billfold.settings import load
from e2e.conftest import Billfold, ask
from e2e.test_faults import until
from servers import ran


def queue(one: Billfold, pass_id: str) -> None:
    scope = scope_of_pass(PassId(pass_id))
    assert scope is not None

    async def run() -> None:
        settings = load({"data": one.data, "port": one.port}, environ=one.environment)
        async with bootstrap.operate(settings) as parts:
            mail = Mail(scope, "mail-1", "ada@example.com", MailKind.PASS_LINK, pass_id=pass_id, language="fr")
            await parts.store.write(lambda tx: parts.services.mail.queue(tx, mail))

    asyncio.run(run())


def caught(one: Billfold) -> dict[str, object]:
    async def look() -> dict[str, object]:
        async def there() -> bool:
            return bool((await asyncio.to_thread(ask, "GET", f"{one.url}/sandbox/mail/messages")).json["messages"])

        await until(there, "the mail is caught", 60)
        return ask("GET", f"{one.url}/sandbox/mail/messages").json["messages"][0]

    return asyncio.run(look())


@pytest.mark.requirement("S2-25")
def test_a_mail_outlives_the_server_and_its_links_work(billfold: Billfold, tmp_path: Path) -> None:
    serial = billfold.make()["serialNumber"]
    queue(billfold, serial)
    billfold.kill()
    billfold.start()
    message = ask("GET", f"{billfold.url}/sandbox/mail/messages/{caught(billfold)['id']}").json
    assert f"{billfold.url}/p/{serial}" in message["text"]
    leave = re.fullmatch(r"<(.*)>", message["headers"]["list-unsubscribe"])[1]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask("POST", leave, b"List-Unsubscribe=One-Click", form).status == 200
    notice = tmp_path / "notice.eml"
    notice.write_text(
        f"To: {message['envelope_from']}\nContent-Type: multipart/report; boundary=b\n\n--b\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    )
    done = ran(["mail", "bounce", str(notice), "--data", str(billfold.data)], billfold.environment, tmp_path)
    assert (done.returncode, done.stdout) == (0, "Noted for mail mail-1.\n"), done.stderr
    assert billfold.api("GET", "/v1/mail/mail-1").json["state"] == "bounced"
    kinds = [one["kind"] for one in billfold.api("GET", "/v1/events").json["items"]]
    assert kinds.count("mail.unsubscribed") == kinds.count("mail.bounced") == 1
    assert "ada@example.com" not in json.dumps(billfold.api("GET", "/v1/events").json)
