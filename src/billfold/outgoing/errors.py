"""What can go wrong when Billfold asks somebody else's server; one flat tree, no HTTP of our own.

    OutgoingError
    ├── Refused       the guard said no; the text is the same whatever the cause
    ├── TimedOut      no complete answer within the time allowed; the effect is unknown
    ├── TooLarge      the answer is longer than allowed
    └── Unreachable   no answer: connection refused, reset, TLS failure, GOAWAY; the effect is unknown

May not enter: addresses and answers of the other side inside the text of Refused. A text that differed by cause would
turn the guard into a port and name scanner for whoever may type an address.
"""

REFUSED_TEXT = "this address cannot be fetched: use an https address of a public host"


class OutgoingError(Exception):
    """Base of all errors of this room."""


class Refused(OutgoingError):
    """The address, one of the addresses behind its name, or a redirect is not allowed.

    `for_the_log` is a short constant word for the operator's log. It must not be shown to whoever gave the address.
    """

    def __init__(self, for_the_log: str) -> None:
        super().__init__(REFUSED_TEXT)
        self.for_the_log = for_the_log


class TimedOut(OutgoingError):
    """The time allowed went by. What the other side did is unknown."""

    def __init__(self, text: str = "no complete answer within the time allowed") -> None:
        super().__init__(text)


class TooLarge(OutgoingError):
    """The answer is longer than `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the answer is larger than {max_bytes} bytes")
        self.max_bytes = max_bytes


class Unreachable(OutgoingError):
    """No answer. `curl_code` is libcurl's number (0 where libcurl was not the one to fail)."""

    def __init__(self, text: str = "the host could not be reached", curl_code: int = 0) -> None:
        super().__init__(text)
        self.curl_code = curl_code
