"""Ids of users have the characters of channel names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai import limits
from toolboxai.errors import BadChannelName, BadUserId
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.user_id import check_user_id, read_user_id


@given(st.text(min_size=1, max_size=30))
def test_an_id_is_good_just_when_its_channel_is(user_id: str) -> None:
    try:
        ChannelName.parse(f"#server-to-user-{user_id}")
    except BadChannelName:
        with pytest.raises(BadUserId):
            check_user_id(user_id)
    else:
        assert check_user_id(user_id) == user_id


def test_the_longest_id_of_a_server_library_is_taken_and_no_longer_one() -> None:
    assert check_user_id("a" * limits.USER_ID_CHARS)
    with pytest.raises(BadUserId, match="201 characters, at most 200 are allowed"):
        check_user_id("a" * 201)


@pytest.mark.parametrize("raw", [b"", b"null", b"true", b"[]", b"{}", b"1e5", b"0x1", b"NaN", b"--1"])
def test_what_is_neither_a_string_nor_a_plain_number_is_no_id(raw: bytes) -> None:
    with pytest.raises(BadUserId):
        read_user_id(raw)
