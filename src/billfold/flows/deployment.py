"""What the processes of one installation must agree on: the server writes it down, workers and `billfold doctor` compare.

May not enter: settings, secrets (of the sealing key only a check value comes here)."""

from dataclasses import asdict, dataclass

from billfold.ports import Store


@dataclass(frozen=True, slots=True)
class Facts:
    """`key`: a check value of the sealing key, which tells nothing of it. `sandbox`: the address of the stand-ins, "" without."""

    public_url: str
    key: str
    sandbox: str


@dataclass(frozen=True, slots=True)
class Difference:
    """`setting` is what to change, `problem` what is wrong, `mend` what to do; for one line."""

    setting: str
    problem: str
    mend: str

    def __str__(self) -> str:
        return f"{self.problem}; {self.mend}"


async def remember(store: Store, facts: Facts) -> None:
    """The server's word: whoever works beside it is held against this."""
    await store.write(lambda tx: tx.deployment.put(asdict(facts)))


async def served_at(store: Store, otherwise: str) -> str:
    """The public address that the server has, which may have got its port from the system; `otherwise` where none ever ran."""
    known = await store.read(lambda tx: tx.deployment.facts())
    return known.get("public_url", otherwise)


async def differences(store: Store, ours: Facts) -> list[Difference]:
    """Where this process differs from the server that runs on this database, the worst first; nothing where none ever ran."""
    known = await store.read(lambda tx: tx.deployment.facts())
    if not known:
        return []
    found = [] if known["key"] == ours.key else [KEY]
    if known["public_url"] != ours.public_url:
        server = known["public_url"]
        problem = f"public_url is {ours.public_url} here and {server} at the server; it stands in what phones and Google are sent"
        found.append(Difference("public_url", problem, f"set public_url = {server}"))
    if known["sandbox"] != ours.sandbox:
        found.append(_sandbox(known["sandbox"], ours.sandbox))
    return found


KEY = Difference(
    "key_file",
    "the sealing key is not the one that this database was used with",
    "put back the key file that belongs to it (setting key_file)",
)


def _sandbox(server: str, ours: str) -> Difference:
    if not server:
        return Difference("sandbox", "the server runs without stand-ins", "set sandbox = false here too")
    if not ours:
        return Difference(
            "sandbox", "the server's stand-ins are not used here", "use the server's data folder and set sandbox = true"
        )
    return Difference("sandbox", f"the stand-ins are at {server}, and {ours} is known here", "use the server's data folder")
