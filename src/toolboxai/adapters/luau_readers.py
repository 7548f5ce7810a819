"""What reads Luau: the real compiler, by pluau, and a grammar, by tree-sitter. Neither runs anything.

The compiler decides and tells its first fault; the grammar finds where else a script is broken, and decides where the
compiler is not installed.
"""

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from time import monotonic
from types import ModuleType
from typing import Any, Final

from toolboxai.platform.roblox.luau.report import SOURCE_BYTES, LuauFault

__all__ = ["NothingReadsLuau", "faults_in"]

_MOST: Final = 10  # faults that are told of one script
_NAME: Final = "script"
_MESSAGE: Final = re.compile(rf"syntax error: {_NAME}:(\d+): (.*)", re.DOTALL)
_GRAMMAR_S: Final = 0.5
_PIECE_BYTES: Final = 65_536
_MEMORY_BYTES: Final = 128 * 1024 * 1024

_ADVICE: Final = (
    (r"Expected 'end'.*<eof>", "close what is open: each function, if, for and while needs its end"),
    (r"Expected <eof>, got 'end'", "there is one end too many before it, or a then, do or function too few"),
    (r"Expected 'until'", "close the repeat with until and a condition"),
    (r"Expected '[)\]}]'", "close the bracket that the message names"),
    (
        r"Malformed string|Unfinished|unfinished",
        "end the text with the mark with which it began, on the same line",
    ),
    (r"Incomplete statement", "a value alone does nothing: call it, or assign it with ="),
    (r"Expected identifier", "a name or a value is missing before what the message names"),
    (
        r"Exceeded allowed recursion depth|too complex|Out of",
        "make it simpler: part long expressions and deep tables",
    ),
)
_LOOK: Final = "look at this line and the one before it"


class NothingReadsLuau(Exception):
    """Neither compiler nor grammar is installed: the extra ``roblox`` brings both."""


def faults_in(source: str) -> tuple[LuauFault, ...]:
    """Why a script is no Luau, at most ten reasons in the order of the lines; none when it is.

    Raises:
        NothingReadsLuau: neither reader is installed.
    """
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > SOURCE_BYTES:
        message = f"the script has {size} bytes; a script of Roblox has {SOURCE_BYTES} at most"
        return (LuauFault(1, message, "part it into modules"),)
    if "\0" in source or any("\ud800" <= letter <= "\udfff" for letter in source):
        line = 1 + source.partition("\0")[0].count("\n") if "\0" in source else 1
        return (
            LuauFault(line, "there is a character that no script can hold", "write it as an escape, as \\0"),
        )
    compiled, parser = _compiler(), _grammar()
    if compiled is None and parser is None:
        raise NothingReadsLuau
    first = compiled(source) if compiled else None
    if compiled and first is None:
        return ()
    others = list(_broken(parser, source, alone=first is None)) if parser else []
    known = {first.line} if first else set[int]()
    told = ([first] if first else []) + [each for each in others if each.line not in known]
    return tuple(sorted(told, key=lambda fault: fault.line)[:_MOST])


@cache
def _compiler() -> Callable[[str], LuauFault | None] | None:
    """Compiles a script; its first fault."""
    if "pluau" not in sys.modules:
        # Its own __init__ needs Python 3.12; the machine itself does not.
        spec = importlib.util.find_spec("pluau")
        if spec is None:
            return None
        package = ModuleType("pluau")
        package.__path__ = list(spec.submodule_search_locations or ())
        sys.modules["pluau"] = package
    try:
        native: Any = importlib.import_module("pluau._pluau")
    except ImportError:
        return None

    def compiled(source: str) -> LuauFault | None:
        machine = native.Lua()  # a new one for each: what a fault of memory leaves behind is nobody's else
        machine.set_memory_limit(_MEMORY_BYTES)
        try:
            machine.load_chunk(source, name=f"={_NAME}")
        except Exception as fault:  # RuntimeError for all that Luau says
            return _told(str(fault))
        return None

    return compiled


def _told(fault: str) -> LuauFault:
    match = _MESSAGE.match(fault)
    line, message = (int(match[1]), match[2]) if match else (1, fault)
    return LuauFault(line, message.strip(), _advice(message))


def _advice(message: str) -> str:
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, message)), _LOOK)


@cache
def _grammar() -> Any | None:
    """A parser of tree-sitter."""
    try:
        sitter: Any = importlib.import_module("tree_sitter")
        luau: Any = importlib.import_module("tree_sitter_luau")
    except ImportError:
        return None
    return sitter.Parser(sitter.Language(luau.language()))


def _broken(parser: Any, source: str, *, alone: bool) -> Iterator[LuauFault]:
    """Where a script breaks off, once for each line; nothing of one that takes too long, unless nobody else reads it."""
    text = source.encode()
    ends = monotonic() + _GRAMMAR_S
    try:
        # Its search for the least that is wrong can take the square of the length; in pieces it can be called off.
        tree = parser.parse(
            lambda at, _point: text[at : at + _PIECE_BYTES], progress_callback=lambda *_: monotonic() > ends
        )
    except ValueError:
        parser.reset()
        if alone:
            yield LuauFault(
                1, "the script takes too long to read", "make it simpler, or part it into modules"
            )
        return
    seen = set[int]()
    for node in _errors(tree.root_node):
        line = node.start_point[0] + 1
        if line not in seen:
            seen.add(line)
            missing = f"{node.type!r} is missing" if node.is_missing else "this is not understood"
            yield LuauFault(line, missing, _LOOK)


def _errors(root: Any) -> Sequence[Any]:
    found: list[Any] = []
    waiting = [root]
    while waiting and len(found) < _MOST:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            found.append(node)
        elif node.has_error:
            waiting.extend(reversed(node.children))
    return found
