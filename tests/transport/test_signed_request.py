"""The query of a signed request: the short way of reading it and the long one agree."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from known import vectors
from servers import APP, KEY, SECRET, digest
from toolboxai.errors import ChannelsApiError
from toolboxai.protocol.signing import sign_request
from toolboxai.transport.signed_request import SignedQuery

NOW = 1353088179
PATH = "/apps/3/channels"
NAMES = ["info", "filter_by_prefix", "x", "auth", "auth_keys", "z[]", "Info"]
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["a=b", "a&b", "+", "%"]
)


@pytest.mark.parametrize(
    "entry", [each for each in vectors("signatures")["requests"] if each["method"] == "GET"]
)
@pytest.mark.parametrize("order", [1, -1], ids=["sorted", "reversed"])
def test_the_known_requests(entry: dict[str, object], order: int) -> None:
    more = dict(entry["params"])  # type: ignore[call-overload]
    signed = {"auth_key": KEY, "auth_timestamp": str(NOW), "auth_version": "1.0", **more}
    pairs = [*signed.items(), ("auth_signature", entry["signature"])][::order]
    SignedQuery("&".join(f"{name}={value}" for name, value in pairs)).authenticate(APP, "GET", PATH, b"", NOW)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4), st.randoms())
def test_any_parameters_in_any_order_are_signed_as_they_read(more: dict[str, str], dice: object) -> None:
    params = {"auth_key": KEY, "auth_timestamp": str(NOW), "auth_version": "1.0"}
    params |= {name.lower(): value for name, value in more.items()}
    signature = sign_request(SECRET, "GET", PATH, params.items())
    pairs = [f"{name}={quote(value)}" for name, value in params.items()] + [f"auth_signature={signature}"]
    dice.shuffle(pairs)  # type: ignore[attr-defined]
    query = SignedQuery("&".join(pairs))
    assert {name: query.given[name.removesuffix("[]")] for name in params} == params
    query.authenticate(APP, "GET", PATH, b"", NOW)
    with pytest.raises(ChannelsApiError):
        query.authenticate(APP, "GET", PATH + "/x", b"", NOW)


@pytest.mark.parametrize("query", ["", "&", "=", "auth_key", "auth_key&auth_key", "auth_key=", "%", "a=%zz"])
def test_a_query_without_a_key(query: str) -> None:
    with pytest.raises(ChannelsApiError, match=re.escape("Missing parameter: auth_key")):
        SignedQuery(query).authenticate(APP, "GET", PATH, b"", NOW)


AUTH = f"auth_key={KEY}&auth_timestamp={NOW}&auth_version=1.0"


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        pytest.param("x=a+b", "x=a+b", id="a-plus-is-a-plus"),
        pytest.param("x=a+b", "x=a b", id="a-plus-is-a-blank"),
        pytest.param("x=a%2Bb", "x=a+b", id="an-escaped-plus"),
        pytest.param("x=a%20b", "x=a b", id="an-escaped-blank"),
        pytest.param("x=2&x=1", "x=2&x=1", id="repeated-in-their-order"),
        pytest.param("x=2&x=1", "x=1&x=2", id="repeated-and-sorted"),
        pytest.param("x-y=2&x=1", "x-y=2&x=1", id="sorted-as-they-are-written"),
        pytest.param("x-y=2&x=1", "x=1&x-y=2", id="sorted-by-name"),
        pytest.param("X=1", "x=1", id="names-in-lower-case"),
        pytest.param("x[]=2&x[]=1", "x[]=2&x[]=1", id="array-one-by-one"),
        pytest.param("x[]=2&x[]=1", "x=2,1", id="array-with-commas"),
        pytest.param("x%5B%5D=2&x%5B%5D=1", "x=2,1", id="array-escaped"),
    ],
)
def test_each_way_in_which_a_library_writes_a_query(sent: str, signed: str) -> None:
    signature = digest(f"GET\n{PATH}\n{AUTH}&{signed}")
    SignedQuery(f"{AUTH}&{sent}&auth_signature={signature}").authenticate(APP, "GET", PATH, b"", NOW)


@pytest.mark.parametrize("signed", ["x=2,1", "x=1", "x=12", "y=2&x=1", "x=2"])
def test_nothing_else_is_taken_for_it(signed: str) -> None:
    signature = digest(f"GET\n{PATH}\n{AUTH}&{signed}")
    with pytest.raises(ChannelsApiError):
        SignedQuery(f"{AUTH}&x=2&x=1&auth_signature={signature}").authenticate(APP, "GET", PATH, b"", NOW)


def test_of_a_repeated_name_the_last_counts_and_all_are_signed() -> None:
    text = f"auth_key=x&auth_key={KEY}&auth_timestamp={NOW}&auth_version=1.0"
    with pytest.raises(ChannelsApiError, match="auth_key=278d425bdf160c739803&auth_key=x"):
        SignedQuery(text).authenticate(APP, "GET", PATH, b"", NOW)
