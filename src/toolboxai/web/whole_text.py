"""Text that can be kept and sent on.

JSON can spell what UTF-8 cannot carry (half of a surrogate pair), what a database cannot keep (the character zero), and
what nothing can write down again (a thousand arrays within one another).
"""

import json
from typing import Any

from toolboxai.platform.messages.nesting import DEEPEST, too_deep

__all__ = ["whole_text"]


def whole_text(value: Any) -> Any:
    """The value as it came, a string or any JSON.

    Raises:
        ValueError: a string somewhere in it holds such a character, a number in it is none of JSON's, or it is nested
            too deep.
    """
    if too_deep(value):
        raise ValueError(f"its objects and arrays are nested more than {DEEPEST} deep; make it flatter")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(
            "it holds half of a surrogate pair, such as \\ud800; send whole characters"
        ) from None
    except ValueError:
        raise ValueError("it holds a number that JSON cannot carry, such as NaN or 1e999") from None
    if "\\u0000" in text and _has_zero(value):
        raise ValueError("it holds the character zero, \\u0000; leave it out")
    return value


def _has_zero(value: Any) -> bool:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                if "\x00" in text:
                    return True
            case dict() as members:
                waiting.extend(members)
                waiting.extend(members.values())
            case list() as items:
                waiting.extend(items)
    return False
