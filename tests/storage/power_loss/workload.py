"""The ledger at work on a store that serves: sixteen callers post through the flow, so that groups commit as they do in the server.

May not enter: HTTP, recovery."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

from billfold import bootstrap
from billfold.domain import keys
from billfold.domain.content import Content, Field
from billfold.domain.keys import Actor
from billfold.domain.ledger import Kind
from billfold.flows import ledger
from billfold.flows.ledger import Asked
from billfold.ports import Services, Tx
from billfold.settings import Settings
from storage.material import OURS, a_pass, a_template, add_workspaces, pass_id, register
from storage.power_loss.recording import Answer, Recorder

CALLERS, CARDS = 16, 8
ACTOR = Actor(OURS, "till", frozenset(keys.SCOPES))
SHOWN = Content("Grand Café", "Card", header=(Field("euros", "{{ balances.EUR }}", "BALANCE", "Now %@"),))


def settings_for(folder: Path) -> Settings:
    return Settings(data=folder / "data", database_url=f"sqlite:///{folder}/billfold.sqlite", signers=0)


async def prepare(folder: Path) -> None:
    """A database with cards, each on a phone and with some money, closed as a server closes it."""
    parts = await bootstrap.open_parts(settings_for(folder), serving=True)
    template = a_template(content=SHOWN)

    def cards(tx: Tx) -> None:
        add_workspaces(tx)
        tx.templates.add(template)
        for nth in range(CARDS):
            held = a_pass(nth, content=None, fingerprint="-", template_id=template.id)
            tx.passes.add(held, "key")
            register(tx, held, f"device-{nth}")

    try:
        await parts.store.write(cards)
        for nth in range(CARDS):
            opening = Asked(f"opening-{nth:012}", Kind.TOP_UP, pass_id(nth), {"EUR": 3000, "points": 20})
            await ledger.post(parts.services, ACTOR, opening)
    finally:
        await parts.close()


async def work(folder: Path, operations: int, recorder: Recorder, synchronous: str = "") -> None:
    """Posts so many operations and notes each answer when it comes. `synchronous`: in place of the store's own setting."""
    parts = await bootstrap.open_parts(settings_for(folder), serving=True)
    try:
        if synchronous:
            parts.store._connection.execute(f"PRAGMA synchronous={synchronous}")  # type: ignore[attr-defined]
        numbers = iter(range(operations))
        await asyncio.gather(*(_caller(parts.services, numbers, random.Random(nth), recorder) for nth in range(CALLERS)))
    finally:
        await parts.close()


async def _caller(services: Services, numbers: Iterator[int], dice: random.Random, recorder: Recorder) -> None:
    charges: list[Asked] = []
    for number in numbers:
        asked = _sale(f"operation-{number:010}", charges, dice)
        answered = await ledger.post(services, ACTOR, asked)
        balances = {(key.owner, key.unit): balance for key, balance in answered.operation.balances().items()}
        recorder.log.append(Answer(asked.id, balances))
        if asked.kind is Kind.CHARGE and not answered.operation.declined:
            charges.append(asked)


def _sale(id_: str, charges: list[Asked], dice: random.Random) -> Asked:
    card, amount, roll = dice.randrange(CARDS), dice.randint(1, 900), dice.random()
    if roll < 0.3:
        return Asked(id_, Kind.TOP_UP, pass_id(card), {"EUR": amount, "points": 1})
    if roll < 0.4:
        return Asked(id_, Kind.TRANSFER, pass_id(card), {"EUR": amount}, to_pass_id=pass_id((card + 1) % CARDS))
    if roll < 0.5 and charges:
        original = charges.pop()
        return Asked(id_, Kind.VOID, original.pass_id, {}, reverses=original.id)
    return Asked(id_, Kind.CHARGE, pass_id(card), {"EUR": -amount})
