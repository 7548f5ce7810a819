"""The debug switch: open, message, error and close as lines, with nothing in them that opens a door."""

import re
import sys
from collections.abc import Callable

__all__ = ["Debug", "debug_lines", "masked"]

Debug = bool | Callable[[str], None]

_SECRETS = (
    (  # a member of JSON, also of JSON inside of JSON: the quote that ends it has the backslashes of the one that began
        re.compile(
            r"""(?P<slashes>\\*)"(?P<name>[a-z_-]*(?:auth|authorization|token|secret|password|api_?key))(?P=slashes)"
                (?P<colon>\s*:\s*)(?P=slashes)".*?(?:(?<!\\)(?P=slashes)"|$)""",
            re.IGNORECASE | re.DOTALL | re.VERBOSE,
        ),
        r'\g<slashes>"\g<name>\g<slashes>"\g<colon>\g<slashes>"********\g<slashes>"',
    ),
    (re.compile(r"([?&][a-z_]*(?:token|secret|key)=)[^&\s\"\\]+", re.IGNORECASE), r"\1********"),
    (re.compile(r"\b(Bearer\s+)\S+", re.IGNORECASE), r"\1********"),
    (re.compile(r"\beyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*"), "********"),
)


def masked(line: str) -> str:
    """The line without tokens and signatures."""
    for pattern, instead in _SECRETS:
        line = pattern.sub(instead, line)
    return line


def debug_lines(debug: Debug) -> Callable[[str], None]:
    """Where debug lines go: nowhere, to stderr, or to the caller's own function."""
    if debug is False:
        return lambda _line: None
    write = _to_stderr if debug is True else debug
    return lambda line: write(masked(line))


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"toolboxai.client: {line}\n")
