"""What rules say about something that was asked for. May not enter: the rules themselves, a wallet's words."""

import msgspec
from msgspec.structs import replace


class Finding(msgspec.Struct, frozen=True):
    """What a wallet's rules say. severity: error (refused) or warning. `path` leads into what was judged: a Content, or a document.

    `otherwise`: what a phone would do with it as it is; empty where the message says so."""

    code: str
    severity: str
    path: str
    message: str
    mend: str
    otherwise: str = ""

    def within(self, root: str) -> "Finding":
        """The same, said of what the judged thing is a part of."""
        return replace(self, path=f"{root}.{self.path}" if self.path else root)
