"""Who signs in: signed user_data."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.errors import RemoteProtocolError
from toolboxai.protocol.member import Member
from toolboxai.protocol.user import User, read_user


def read(data: object) -> User:
    text = data if isinstance(data, str) else json.dumps(data)
    return read_user(text, max_info_bytes=1024)


def test_the_text_that_was_signed_is_kept() -> None:
    text = '{ "id":"u1", "user_info":{"name":"A"}, "watchlist":["u2"], "more":1 }'
    assert read(text) == User("u1", text, '{"name":"A"}', ("u2",), watchlist_cut=False)
    assert read('{"id":"u1"}') == User("u1", '{"id":"u1"}', None, (), watchlist_cut=False)


def test_a_user_enters_a_presence_channel_with_its_info() -> None:
    assert read({"id": "u1", "user_info": {"name": "A"}}).member() == Member("u1", '{"name": "A"}')


def test_of_a_long_watchlist_the_first_hundred_are_taken_and_doubles_count_once() -> None:
    ids = [f"u{number}" for number in range(101)]
    assert read({"id": "u", "watchlist": ids[:100]}).watchlist_cut is False
    cut = read({"id": "u", "watchlist": ids})
    assert (cut.watchlist, cut.watchlist_cut) == (tuple(ids[:100]), True)
    assert read({"id": "u", "watchlist": ["a", "b", "a"]}).watchlist == ("a", "b")


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "7",
        "{}",
        '{"id":7}',
        '{"id":null}',
        '{"id":""}',
        '{"id":"a b"}',
        {"id": "a" * 201},
        {"id": "u", "user_info": "x"},
        {"id": "u", "user_info": {"x": "y" * 1024}},
        {"id": "u", "watchlist": "u2"},
        {"id": "u", "watchlist": {"u2": 1}},
        {"id": "u", "watchlist": [7]},
        {"id": "u", "watchlist": ["a b"]},
        "[" * 100_000,
        "\ud800",
    ],
)
def test_who_does_not_say_who_it_is_cannot_sign_in(data: object) -> None:
    with pytest.raises(RemoteProtocolError):
        read(data)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(
    ANYTHING
    | st.fixed_dictionaries({"id": ANYTHING}, optional={"user_info": ANYTHING, "watchlist": ANYTHING})
)
def test_any_data_is_a_user_or_a_refusal(data: Any) -> None:
    try:
        user = read(data)
    except RemoteProtocolError:
        return
    assert user.id == data["id"] != ""
    assert json.loads(user.user_info or "null") == data.get("user_info")
