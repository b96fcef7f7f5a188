"""A process that queues mails, or sends them, until somebody kills it. Used by test_killed_mailers.py.

    python killed_mailer.py queue DATABASE_URL FOLDER
    python killed_mailer.py send DATABASE_URL FOLDER SMTP_PORT

`queue` prints each mail's id when it is committed."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from billfold import bootstrap, mailroom
from billfold.domain.ids import Environment, Scope
from billfold.domain.mail import Mail, MailKind
from billfold.settings import Settings

SHOP = Scope("shop00", Environment.TEST)


async def main(task: str, url: str, folder: str, port: int) -> None:
    settings = Settings(
        data=Path(folder),
        database_url=url,
        sandbox=False,
        signers=0,
        smtp_from="no-reply@shop.test",
        smtp_per_second=40.0,
        mail_per_address_day=0,
    )
    parts = await bootstrap.open_parts(settings)
    services = parts.services
    if task == "send":
        relays = mailroom.relays(settings, frozenset(), services.clock, port)
        worker = mailroom.worker(replace(settings, poll_seconds=0.05), services, relays, alone=True)
        await worker.run()
    for nth in range(10_000):
        mail = Mail(SHOP, f"m-{nth}", f"p{nth}@example.com", MailKind.PASS_LINK)
        await services.store.write(lambda tx, mail=mail: services.mail.queue(tx, mail))  # type: ignore[misc]
        print(mail.id, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 0))
