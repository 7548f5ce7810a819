"""Text as XML carries it.

XML 1.0 has no way to write most control characters, half surrogates and two non-characters, not even escaped: each is
replaced by U+FFFD, and who writes a file says how many. All other text comes back unchanged.
"""

import re
from typing import Final
from xml.sax.saxutils import escape

__all__ = ["as_cdata", "as_text", "lost_characters"]

_LOST: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT: Final = "\ufffd"
# A bare carriage return would be read as a line feed.
_RETURN: Final = {"\r": "&#13;"}


def lost_characters(text: str) -> int:
    """How many characters of a text XML cannot carry."""
    return len(_LOST.findall(text))


def as_text(text: str) -> str:
    """Text between two tags. What begins or ends with white space stands in CDATA, since some readers trim."""
    if text != text.strip():
        return as_cdata(text)
    return escape(_LOST.sub(_REPLACEMENT, text), _RETURN)


def as_cdata(text: str) -> str:
    """Text in CDATA, as often ended and begun anew as ``]]>`` or a carriage return stands in it."""
    carried = _LOST.sub(_REPLACEMENT, text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{carried.replace(chr(13), ']]>&#13;<![CDATA[')}]]>"
