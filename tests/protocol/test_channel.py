"""Names of channels: which are allowed, and what their beginnings mean."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from known import vectors
from toolboxai.errors import BadChannelName
from toolboxai.protocol.channel import ChannelKind, ChannelName

NAMES = vectors("channel_names")
FACTS = ("needs_signature", "presence", "cached", "opaque", "client_events")


@pytest.mark.parametrize("entry", NAMES["allowed"], ids=lambda entry: entry["name"])
def test_the_kind_is_told_by_the_exact_beginning(entry: dict[str, str]) -> None:
    channel = ChannelName.parse(entry["name"])
    assert (str(channel), channel.kind) == (entry["name"], ChannelKind[entry["kind"].upper()])


@pytest.mark.parametrize("kind", ChannelKind)
def test_what_each_kind_means(kind: ChannelKind) -> None:
    wanted = dict.fromkeys(FACTS, False) | NAMES["kinds"][kind.name.lower()]
    assert {fact: getattr(kind.value, fact) for fact in FACTS} == wanted


@pytest.mark.parametrize("name", NAMES["refused"])
def test_what_is_no_name_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(BadChannelName, match="channel ") as refused:
        ChannelName.parse(name)
    assert refused.value.too_long is False


def test_the_fault_is_shown_with_its_place_and_what_is_allowed() -> None:
    with pytest.raises(
        BadChannelName, match=re.escape("' ' at 3 is not allowed; use A-Z a-z 0-9 _ - = @ , . ;")
    ):
        ChannelName.parse("bad name")


def test_length_is_a_fault_of_its_own() -> None:
    assert ChannelName.parse("a" * 200).text == "a" * 200
    with pytest.raises(BadChannelName, match="201 characters: at most 200") as refused:
        ChannelName.parse("a" * 201)
    assert refused.value.too_long


def test_the_length_is_the_apps_to_choose() -> None:
    assert ChannelName.parse("a" * 300, max_chars=300).text == "a" * 300
    with pytest.raises(BadChannelName):
        ChannelName.parse("a" * 165, max_chars=164)


@given(st.text(max_size=30))
def test_any_text_is_a_name_or_a_bad_name(text: str) -> None:
    allowed = re.fullmatch(r"(#server-to-user-)?[A-Za-z0-9_\-=@,.;]+", text)
    try:
        parsed: Any = ChannelName.parse(text).text
    except BadChannelName:
        parsed = None
    assert parsed == (text if allowed else None)
