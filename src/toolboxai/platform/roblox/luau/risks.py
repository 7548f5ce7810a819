"""What a script of somebody's does that a world for pupils does not need: told with its line before it is taken.

These are simple patterns for honest mistakes and copied code. Whoever wants to hide something from them can; that is
why what could hide most is refused (``RiskKind.refused``), and why the server of a world believes no client.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from toolboxai.platform.roblox.luau.lexer import Token, TokenKind, string_bytes, tokens
from toolboxai.platform.roblox.luau.report import LuauRisk, RiskKind

__all__ = ["risks"]

_TOLD: Final = {
    RiskKind.LOADSTRING: "runs text as code, which nobody can look at before; write the code itself",
    RiskKind.REQUIRE_ID: "loads code of a stranger's by its number, which can change any day; copy it into a module",
    RiskKind.INSERTED_ASSET: "loads what a stranger has uploaded, with its scripts; put it into the place in Studio",
    RiskKind.ENVIRONMENT: "changes what names mean, so that no check holds; use a table of your own",
    RiskKind.HTTP: "speaks to other servers; in a world only ScoreReporter does, and it sends nothing personal",
    RiskKind.TELEPORT: "takes players to another place, away from the class",
    RiskKind.MARKETPLACE: "sells; a world for pupils does not",
    RiskKind.HIDDEN_SERVICE: "puts the name of a service together, so that nobody sees which; write it as one text",
    RiskKind.ENDLESS_LOOP: "never ends and never waits, which stops the server; put task.wait() into it",
    RiskKind.HIDDEN_TEXT: "a long text that nobody can read; write it plainly, or say in a comment what it is",
}
_CALLED: Final = {
    "loadstring": RiskKind.LOADSTRING,
    "getfenv": RiskKind.ENVIRONMENT,
    "setfenv": RiskKind.ENVIRONMENT,
}
_SERVICES: Final = {
    "HttpService": RiskKind.HTTP,
    "TeleportService": RiskKind.TELEPORT,
    "MarketplaceService": RiskKind.MARKETPLACE,
    "InsertService": RiskKind.INSERTED_ASSET,
}
_METHODS: Final = {
    "RequestAsync": RiskKind.HTTP,
    "PostAsync": RiskKind.HTTP,
    "LoadAsset": RiskKind.INSERTED_ASSET,
    "LoadAssetVersion": RiskKind.INSERTED_ASSET,
    "TeleportAsync": RiskKind.TELEPORT,
    "PromptPurchase": RiskKind.MARKETPLACE,
    "PromptProductPurchase": RiskKind.MARKETPLACE,
}
_WAITS: Final = frozenset(
    (
        "wait",
        "Wait",
        "yield",
        "WaitForChild",
        "RequestAsync",
        "GetAsync",
        "InvokeServer",
        "InvokeClient",
        "break",
        "return",
        "error",
    )
)
_ALWAYS: Final = frozenset(("true",))
_NEVER: Final = frozenset(("false", "nil"))
# fmt: off
# After these an `if` is an expression, which has no `end` of its own.
_BEFORE_EXPRESSION: Final = frozenset((
    "=", "(", ",", "{", "[", "..", "+", "-", "*", "/", "//", "%", "^", "==", "~=", "<", ">", "<=", ">=", "+=", "-=", "*=",
    "/=", "..=", "return", "and", "or", "not", "in", "until", "while",
))
# fmt: on
_LONG: Final = 400
_PACKED: Final = re.compile(rb"(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=[^0-9]*[0-9])[A-Za-z0-9+/=_-]+")


def risks(source: str, *, may_call_out: bool = False) -> tuple[LuauRisk, ...]:
    """The risks of a script, one of a kind on a line, in the order of the lines.

    Args:
        source: Luau; what does not compile is looked through all the same.
        may_call_out: whether it may speak to other servers.
    """
    words = list(tokens(source))
    found = dict.fromkeys(
        (line, kind) for line, kind in _found(words) if not (may_call_out and kind is RiskKind.HTTP)
    )
    order = list(RiskKind)
    return tuple(
        LuauRisk(line, kind, _TOLD[kind])
        for line, kind in sorted(found, key=lambda each: (each[0], order.index(each[1])))
    )


def _found(words: Sequence[Token]) -> Iterator[tuple[int, RiskKind]]:
    nothing = Token(TokenKind.MARK, "", 0)
    for at, word in enumerate(words):
        before = words[at - 1] if at else nothing
        after = words[at + 1] if at + 1 < len(words) else nothing
        if word.kind is TokenKind.NAME:
            kind = _of_name(word.text, before.text, after, words[at + 2 : at + 4])
            if kind is not None:
                yield word.line, kind
        elif word.kind is TokenKind.STRING:
            held = string_bytes(word.text)
            if (service := _SERVICES.get(held.decode("utf-8", "replace"))) is not None:
                yield word.line, service
            if _is_hidden(held):
                yield word.line, RiskKind.HIDDEN_TEXT
    for line in _endless_loops(words):
        yield line, RiskKind.ENDLESS_LOOP


def _of_name(name: str, before: str, after: Token, beyond: Sequence[Token]) -> RiskKind | None:
    if before in (".", ":"):
        if name == "GetService" and after.text == "(" and beyond:
            plain = beyond[0].kind is TokenKind.STRING and beyond[1:2] and beyond[1].text == ")"
            return None if plain else RiskKind.HIDDEN_SERVICE
        return _METHODS.get(name) or _SERVICES.get(name)
    if name == "require" and after.text == "(" and beyond and beyond[0].kind is TokenKind.NUMBER:
        return RiskKind.REQUIRE_ID
    return _CALLED.get(name)


def _is_hidden(held: bytes) -> bool:
    """Bytes that are no text, or letters and digits in one long row, as packed data is. Any language is text."""
    if len(held) < _LONG:
        return False
    if _PACKED.fullmatch(held):
        return True
    try:
        text = held.decode()
    except UnicodeDecodeError:
        return True
    return sum(letter.isprintable() or letter.isspace() for letter in text) < 0.9 * len(text)


class _Block:
    """A block that is open: what opened it, where, and whether something in it waits or leaves it."""

    def __init__(self, opener: str, line: int, *, endless: bool = False) -> None:
        self.opener = opener
        self.line = line
        self.endless = endless
        self.waits = False


def _endless_loops(words: Sequence[Token]) -> Iterator[int]:
    blocks: list[_Block] = []
    expressions = 0  # `if` expressions whose `else` is still to come
    goes_on = -1  # where an `if` follows such an `else`
    expects_do = 0  # after `while` and `for`: their `do` opens no block of its own
    for at, word in enumerate(words):
        if word.kind is not TokenKind.NAME:
            continue
        before = words[at - 1].text if at else ""
        match word.text:
            case "if":
                if before in _BEFORE_EXPRESSION or at == goes_on:
                    expressions += 1
                else:
                    blocks.append(_Block("if", word.line))
            case "else" if expressions > 0:
                expressions -= 1
                goes_on = at + 1
            case "while":
                blocks.append(_Block("while", word.line, endless=_is_always(words[at + 1 : at + 4])))
                expects_do += 1
            case "for":
                blocks.append(_Block("for", word.line))
                expects_do += 1
            case "do" if expects_do:
                expects_do -= 1
            case "do" | "function" | "repeat":
                blocks.append(_Block(word.text, word.line))
            case "end" | "until" if blocks:
                block = blocks.pop()
                never = word.text == "until" and words[at + 1 : at + 2] and words[at + 1].text in _NEVER
                if (block.endless or never) and not block.waits:
                    yield block.line
                elif block.waits and blocks and block.opener != "function":
                    blocks[-1].waits = True
            case text if text in _WAITS and blocks:
                blocks[-1].waits = True


def _is_always(condition: Sequence[Token]) -> bool:
    """Whether the words after ``while`` are one constant and ``do``."""
    match [word.text for word in condition]:
        case [text, "do", *_]:
            return text in _ALWAYS or condition[0].kind in (TokenKind.NUMBER, TokenKind.STRING)
        case ["not", text, "do"]:
            return text in _NEVER
    return False
