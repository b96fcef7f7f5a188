"""What a virtual iPhone remembers while it is off: its device id and tokens, its passes, the tags. In a folder, or nowhere.

May not enter: network; decisions.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from billfold.sandbox.phones.bundle import OpenedPass

_FILE = "iphone.json"


@dataclass(frozen=True)
class WalletPass:
    """A pass in the wallet. `fetched_ahead_of_list`: the phone fetched it unasked, so the next list may name it in vain."""

    link: str
    opened: OpenedPass
    last_modified: str | None
    automatic_updates: bool = True
    notifications: bool = True
    fetched_ahead_of_list: bool = False

    @property
    def key(self) -> tuple[str, str]:
        content = self.opened.content
        return (content.pass_type_identifier, content.serial_number)


@dataclass(frozen=True)
class KeptPass:
    """A pass as it lies on disk: the bundle in a file of its own."""

    link: str
    bundle: str
    last_modified: str | None
    automatic_updates: bool
    notifications: bool


@dataclass
class Memory:
    """The phone's own state. `tokens`: pass type → push token. `tags`: "web service, space, pass type" → last tag."""

    home: Path | None = None
    device: str | None = None
    courier_url: str | None = None
    root_pem: str | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    passes: dict[tuple[str, str], WalletPass] = field(default_factory=dict)

    def put(self, pass_: WalletPass) -> None:
        self.passes[pass_.key] = pass_
        self.save()

    def forget(self, key: tuple[str, str]) -> None:
        del self.passes[key]
        self.save()

    def of_type(self, pass_type_identifier: str) -> list[WalletPass]:
        return [pass_ for (kind, _), pass_ in self.passes.items() if kind == pass_type_identifier]

    def save(self) -> None:
        if self.home is None:
            return
        bundles = self.home / "passes"
        bundles.mkdir(parents=True, exist_ok=True)
        kept = []
        for pass_ in self.passes.values():
            name = f"{pass_.opened.manifest_digest[:32]}.pkpass"
            if not (bundles / name).exists():
                _write(bundles / name, pass_.opened.data)
            kept.append(KeptPass(pass_.link, name, pass_.last_modified, pass_.automatic_updates, pass_.notifications))
        state = {
            "device": self.device,
            "courierUrl": self.courier_url,
            "rootPem": self.root_pem,
            "tokens": self.tokens,
            "tags": self.tags,
            "passes": [asdict(pass_) for pass_ in kept],
        }
        _write(self.home / _FILE, json.dumps(state, indent=1).encode())
        for stale in {path.name for path in bundles.glob("*.pkpass")} - {pass_.bundle for pass_ in kept}:
            (bundles / stale).unlink(missing_ok=True)


def load(home: Path | None) -> tuple[Memory, list[tuple[KeptPass, bytes]]]:
    """The memory and the bundles that have yet to be opened (which needs the root and takes time).

    Raises ValueError when the folder holds something else."""
    memory = Memory(home)
    if home is None or not (home / _FILE).exists():
        return memory, []
    try:
        state = json.loads((home / _FILE).read_bytes())
        memory.device = state["device"]
        memory.courier_url = state["courierUrl"]
        memory.root_pem = state["rootPem"]
        memory.tokens = dict(state["tokens"])
        memory.tags = dict(state["tags"])
        kept = [KeptPass(**entry) for entry in state["passes"]]
        return memory, [(entry, (home / "passes" / entry.bundle).read_bytes()) for entry in kept]
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"{home} does not hold a virtual iPhone ({error})") from error


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.write_bytes(data)
    os.replace(draft, path)
