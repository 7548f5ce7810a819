"""Text as XML carries it."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.roblox.files.xml_text import as_cdata, as_text, lost_characters

HOSTILE = [
    "\"quoted\" and 'quoted'",
    "]]> ends nothing ]]]]>> ]]>",
    "<![CDATA[ begins nothing",
    "-- a comment --[[ none ]]",
    "a\\b \\n \\u{41}",
    "&amp; &#13; <b>bold</b>",
    "family \U0001f469\u200d\U0001f469\u200d\U0001f467 and \u0645\u0631\u062d\u0628\u0627 \u202eturned\u202c",
    "  spaces around  ",
    "line\r\nline\rline\n",
    "\ttab\t",
]


def back(written: str) -> str:
    return ElementTree.fromstring(f"<a>{written}</a>").text or ""


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back_unchanged(text: str) -> None:
    assert back(as_text(text)) == text
    assert back(as_cdata(text)) == text
    assert lost_characters(text) == 0


@given(st.text())
def test_of_any_text_all_comes_back_but_what_xml_has_no_way_to_write(text: str) -> None:
    for written in (as_text(text), as_cdata(text)):
        came = back(written)
        assert len(came) == len(text)
        changed = [(was, now) for was, now in zip(text, came, strict=True) if was != now]
        assert {now for _, now in changed} <= {"\ufffd"}
        assert all(was < " " or was in "\ufffe\uffff" or "\ud800" <= was <= "\udfff" for was, _ in changed)
        assert len(changed) == lost_characters(text)


def test_nul_and_its_like_become_the_replacement_character() -> None:
    assert back(as_text("a\x00b\x0bc\ufffe")) == "a\ufffdb\ufffdc\ufffd"
    assert lost_characters("a\x00b\x0bc\ufffe") == 3
