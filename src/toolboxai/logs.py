"""Log lines: constant text with fields beside it, on stderr, with nothing in them that opens a door.

Everyone logs through the standard library, with fields in ``extra``, and leaves by one handler and one mask; inside
another application that application's own logging decides. Standard output stays free for what commands print.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import Processor

__all__ = ["MASK", "LogForm", "configure_logs", "keep_secret", "mask_fields", "mask_text"]

LogForm = Literal["auto", "json", "console"]

MASK = "********"

# Fields whose whole value is a secret. `code` is one when it is text (a one-time code); as a number it is the code
# of an error or of a close, which the reader needs.
_SECRET_FIELD = re.compile(
    r"(?:^|[_\-])(?:token|secret|password|passwd|authorization|cookie|credentials?|signature|jwt|auth|api_key)$|^code$",
    re.IGNORECASE,
)

# Secrets inside text: each pattern keeps what tells the reader which kind it was.
_SECRET_TEXT = (
    (re.compile(r"\b(Bearer\s+)[A-Za-z0-9._~+/=\-]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*"), MASK),
    (re.compile(r"(://[^/\s:@]*):[^/\s@]+@"), rf"\1:{MASK}@"),
    (
        re.compile(
            r"([?&#](?:[a-z_\-]*token|[a-z_\-]*secret|code|join|share|return|welcome|code_verifier|auth|auth_signature|signature|password)=)[^&\s#\"']+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    (
        re.compile(
            r"(\\?[\"'](?:[a-z_]*token|[a-z_]*secret|password|authorization|auth|code)\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)

# Strangers' text may hold these; line ends and tabs of a trace stay. JSON shows them by itself.
_STEERING: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# Secrets of this process, masked wherever and in whatever form of text they turn up.
_OWN: set[str] = set()
_OWN_CHARS: Final = 8  # a shorter one stands in many words

# Libraries that would write for themselves, and how much of them is worth reading.
_LIBRARIES = {
    "uvicorn": logging.ERROR,  # a warning for each stranger with odd bytes would fill the disk
    "uvicorn.error": logging.ERROR,
    "uvicorn.access": logging.WARNING,
    "dbos": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "alembic": logging.WARNING,
    "aiosqlite": logging.WARNING,  # it would tell every statement with its values
    "psycopg": logging.WARNING,
    "python_multipart": logging.WARNING,
    "pusher": logging.WARNING,
    "websockets": logging.WARNING,
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
    "asyncio": logging.WARNING,
}


def keep_secret(*values: str) -> None:
    """Mask these from now on, for as long as the process runs."""
    _OWN.update(value for value in values if len(value) >= _OWN_CHARS)


def mask_text(text: str) -> str:
    """The text with tokens, signatures, one-time codes and passwords in it replaced."""
    for secret in tuple(_OWN):
        text = text.replace(secret, MASK)
    for pattern, instead in _SECRET_TEXT:
        text = pattern.sub(instead, text)
    return text


def mask_fields(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The processor that lets no secret through, whether it is a field of its own or stands inside another."""
    for name, value in fields.items():
        if not name.startswith("_"):  # the formatter's own fields
            fields[name] = _masked(name, value)
    return fields


def _masked(name: str, value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {str(inner): _masked(str(inner), item) for inner, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(name, item) for item in value]
        case _ if _SECRET_FIELD.search(name):
            return MASK
        case str():
            return mask_text(value)
        case bytes():
            return mask_text(value.decode("utf-8", "replace"))
        case _:
            return mask_text(str(value))


def _visible(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The processor that shows what would steer a terminal, or turn its text around, instead of doing it."""
    for name, value in fields.items():
        if isinstance(value, str):
            fields[name] = _STEERING.sub(lambda found: ascii(found[0])[1:-1], value)
    return fields


def configure_logs(*, level: str = "INFO", form: LogForm = "auto", stream: TextIO | None = None) -> None:
    """Set up logging for this process; called once, by the command line.

    Args:
        level: DEBUG, INFO, WARNING or ERROR, for our own parts; libraries never say less than a warning.
        form: one JSON object a line, or lines for people; ``auto`` is for people when `stream` is a terminal.
        stream: where to; stderr when None.
    """
    stream = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping()[level]
    terminal = stream.isatty()
    described: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.stdlib.ExtraAdder(),
    ]
    json = form == "json" or (form == "auto" and not terminal)
    structlog.configure(  # stamina speaks through structlog wherever it finds it
        processors=[*described[:-1], structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=described,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                mask_fields,
                *_last(json=json, colours=terminal),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    _route_libraries(number)


def _last(*, json: bool, colours: bool) -> Sequence[Processor]:
    if json:
        return (structlog.processors.JSONRenderer(sort_keys=True),)
    return _visible, structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0)


def _route_libraries(level: int) -> None:
    for name, least in _LIBRARIES.items():
        logger = logging.getLogger(name)
        # Some libraries add a handler of their own where they find none; one that does nothing keeps them from it.
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = True
        logger.setLevel(max(level, least) if level > logging.DEBUG else least)
