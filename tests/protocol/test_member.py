"""What signed channel_data lets a client be, and until when."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.errors import SubscriptionDenied
from toolboxai.protocol.member import Admission, Member, read_admission, read_expiry


def read(data: object, *, max_info_bytes: int = 1024) -> Admission:
    text = data if isinstance(data, str) else json.dumps(data)
    return read_admission(text, max_info_bytes=max_info_bytes)


@pytest.mark.parametrize(
    ("written", "user_id"),
    [('"7"', "7"), ("7", "7"), ("-7", "-7"), ("1.5", "1.5"), ('"anna=b@c,d.e;f_g-h"', "anna=b@c,d.e;f_g-h")],
)
def test_a_user_id_is_a_string_however_it_was_written(written: str, user_id: str) -> None:
    assert read(f'{{"user_id":{written}}}') == Admission(Member(user_id, None), None)


@pytest.mark.parametrize(
    "written", ['""', "null", "true", "[]", "{}", '" "', '"a b"', '"é"', f'"{"a" * 201}"', "1e3", '"a\\n"']
)
def test_what_is_no_user_id_lets_nobody_in(written: str) -> None:
    with pytest.raises(SubscriptionDenied, match="user_id supplied to presence subscription is invalid"):
        read(f'{{"user_id":{written}}}')


@pytest.mark.parametrize(
    "data", ["", "null", "[]", "7", '"{}"', "{", '{"user_id":1', "\ud800", "[" * 100_000]
)
def test_what_is_no_object_lets_nobody_in(data: str) -> None:
    with pytest.raises(SubscriptionDenied, match="channel_data supplied to presence subscription is invalid"):
        read(data)


def test_user_info_is_kept_as_the_very_text_that_was_signed() -> None:
    info = '{ "name" : "Anna" ,"n":1.0}'
    admission = read(f'{{"user_id":"1","user_info":{info},"more":[1]}}')
    assert admission.member == Member("1", info)
    assert read({"user_id": "1", "user_info": None}).member == Member("1", None)


@pytest.mark.parametrize("info", ['"str"', "7", "[]", "true"])
def test_user_info_is_an_object_or_nothing(info: str) -> None:
    with pytest.raises(SubscriptionDenied) as denied:
        read(f'{{"user_id":"1","user_info":{info}}}')
    text = "user_info supplied to presence subscription is invalid - if supplied it must be a type of hash"
    assert denied.value.message == text


def test_user_info_is_weighed_in_bytes_as_it_was_signed() -> None:
    info = '{"n":"é"}'  # 9 characters, 10 bytes
    assert read(f'{{"user_id":"1","user_info":{info}}}', max_info_bytes=10).member == Member("1", info)
    with pytest.raises(SubscriptionDenied) as denied:
        read(f'{{"user_id":"1","user_info":{info}}}', max_info_bytes=9)
    assert (denied.value.kind, denied.value.status) == ("LimitReached", 4301)


@pytest.mark.parametrize(("written", "seconds"), [("1800000000", 1.8e9), ("0.5", 0.5), ("null", None)])
def test_an_authorisation_may_say_until_when(written: str, seconds: float | None) -> None:
    assert read(f'{{"user_id":"1","expires_at":{written}}}').expires_at == seconds
    assert read_expiry(f'{{"expires_at":{written}}}') == seconds


@pytest.mark.parametrize("written", ['"1800000000"', "true", "[]", "{}", "1e999", "-1e999"])
def test_an_end_that_is_no_time_lets_nobody_in(written: str) -> None:
    for reader in (read, read_expiry):
        with pytest.raises(SubscriptionDenied, match="expires_at in channel_data"):
            reader(f'{{"user_id":"1","expires_at":{written}}}')


@pytest.mark.parametrize("data", ["", "any text", "[]", "7", "{}", "\ud800"])
def test_off_presence_channels_other_data_is_nobodys_business(data: str) -> None:
    assert read_expiry(data) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.fixed_dictionaries({}, optional={"user_id": JSON, "user_info": JSON, "expires_at": JSON}) | JSON)
def test_any_data_is_an_admission_or_a_refusal(data: Any) -> None:
    try:
        admission = read(data)
    except SubscriptionDenied:
        return
    assert admission.member is not None
    assert isinstance(data, dict)
    assert admission.member.user_id == str(data["user_id"])
    assert json.loads(admission.member.user_info or "null") == data.get("user_info")
