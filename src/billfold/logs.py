"""Structured logs without secrets: one JSON object a line, or readable lines on a terminal, always on standard error.

Every line, also those of libraries and tracebacks, passes `mask_secrets` last. `Secret` holds a value that must not be printed by
accident. May not enter: settings (the caller passes what it read), and anything that logs what a holder wrote on a pass.
"""

import hmac
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"

_SECRET_NAMES = re.compile(
    r"(?:^|_|-)(?:authorization|cookie|password|passphrase|secret|token|private_?key|key_text|api_?key)s?\Z",
    re.IGNORECASE,
)
_SECRET_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(bf_(?:test|live)_)[0-9A-Za-z]+"), rf"\1{MASK}"),  # our access keys
    (re.compile(r"\b(ApplePass|AndroidPass|Bearer|Basic)\s+[^\s\"',;]+", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?(?:-----END \1-----|\Z)", re.DOTALL), rf"-----BEGIN \1----- {MASK}"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"), MASK),  # JWTs, Google's save links among them
    (re.compile(r"\bya29\.[\w-]+"), MASK),  # Google's access tokens
    (re.compile(r"(://[^/\s:@]*:)[^\s@]*@"), rf"\1{MASK}@"),  # a password inside an address
)


class Secret:
    """A text that prints as ***, in logs, f-strings and tracebacks alike. `reveal` where it is used, and nowhere else."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> tuple[type, tuple[str]]:
        raise TypeError("a Secret is not copied into files or other processes")


def masked_text(text: str) -> str:
    """`text` with every secret in it that can be told by its form replaced."""
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def _masked(name: str, value: object) -> object:
    if isinstance(value, str):
        return MASK if _SECRET_NAMES.search(name) else masked_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if _SECRET_NAMES.search(name):
        return MASK
    if isinstance(value, Mapping):
        return {masked_text(str(key)): _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [_masked(name, inner) for inner in value]
    return masked_text(str(value) if isinstance(value, BaseException) else repr(value))


def mask_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The structlog processor: the last one before rendering, so that nothing is added after it."""
    return {name: _masked(name, value) for name, value in event.items()}


def configure(log_format: str, log_level: str, stream: TextIO | None = None) -> None:
    """Sets up structlog and the standard library's logging alike, on `stream` (default: standard error).

    `log_format`: json, console or auto; `log_level`: debug, info, warning, error (both as the settings of those names).
    """
    out = sys.stderr if stream is None else stream
    console = log_format == "console" or (log_format == "auto" and out.isatty())
    level = logging.getLevelNamesMapping()[log_level.upper()]
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # no locals: they hold secrets that have no telling form
    ]
    last: list[Processor] = [mask_secrets, _console() if console else structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *first],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _settle_exception, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries tell at "info" what is our own business to tell.
    root.setLevel(max(level, logging.WARNING) if level > logging.DEBUG else level)


def _settle_exception(logger: WrappedLogger, method: str, event: MutableMapping[str, object]) -> EventDict:
    """A record's exception as text before masking; the formatter would otherwise add it after."""
    event.pop("exc_info", None)
    return dict(event)


def _console() -> Processor:
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    return renderer
