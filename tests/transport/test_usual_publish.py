"""The publish that libraries send: whatever the short way takes, the long way takes too."""

import hashlib
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servers import APP, KEY, SECRET, digest, make_app, signed
from toolboxai.apps.app import AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.errors import ChannelsApiError
from toolboxai.transport import usual_publish as module
from toolboxai.transport.signed_request import SignedQuery
from toolboxai.transport.usual_publish import usual_publish

NOW = 1353088179.0
BODY = b'{"name":"e","channel":"a","data":"d"}'
EVENTS = "/apps/3/events"
APPS = AppRegistry([APP])


def line(path: str = EVENTS, *, at: float = NOW, query: Mapping[str, str] | None = None) -> bytes:
    return f"POST {signed('POST', path, BODY, at=at, query=query)} HTTP/1.1".encode()


def sorted_whole(usual: bytes) -> bytes:
    """As some libraries write it: the signature stands where its name puts it."""
    target, _, version = usual.rpartition(b" ")
    path, _, query = target.partition(b"?")
    return path + b"?" + b"&".join(sorted(query.split(b"&"))) + b" " + version


def taken_the_long_way(request_line: bytes, body: bytes, now: float) -> bool:
    words = request_line.decode("latin-1").split(" ")
    path, _, query = words[1].partition("?")
    try:
        SignedQuery(query).authenticate(APP, words[0], path, body, now)
    except ChannelsApiError:
        return False
    return len(words) == 3 and words[::2] == ["POST", "HTTP/1.1"]


@pytest.mark.parametrize("call", ["events", "batch_events"])
def test_both_places_of_the_signature(call: str) -> None:
    usual = line(f"/apps/3/{call}")
    assert usual.index(b"auth_signature") > usual.index(b"body_md5")
    for each in (usual, sorted_whole(usual), usual):
        assert usual_publish(APPS, each, BODY, NOW) == (APP, call)
        assert taken_the_long_way(each, BODY, NOW)


@pytest.mark.parametrize(
    "odd",
    [
        line(query={"info": "user_count"}),
        line("/apps/3/channels"),
        line("/apps/4/events"),
        line("/apps/3/events/"),
        line("/apps/%33/events"),
        line().replace(b"POST ", b"GET "),
        line().replace(b"HTTP/1.1", b"HTTP/1.0"),
        line().replace(b"auth_version", b"AUTH_VERSION"),
        line().replace(b"auth_key=", b"auth_key=x&auth_key="),
        line() + b" ",
        line(query={"auth_version": "1.1"}),
        line(query={"auth_key": "other"}),
        line(query={"body_md5": hashlib.md5(b"other").hexdigest()}),
        line(at=NOW - 600),
        line(at=NOW + 600),
        b"",
        b"&auth_version=1.0&body_md5=",
    ],
)
def test_another_form_or_what_does_not_hold_is_left_to_the_long_way(odd: bytes) -> None:
    assert usual_publish(APPS, odd, BODY, NOW) is None


@pytest.mark.parametrize("late", [0, -599, 599])
def test_within_the_time_that_a_signature_is_good(late: int) -> None:
    assert usual_publish(APPS, line(at=NOW + late), BODY, NOW) == (APP, "events")


def test_another_body_is_refused() -> None:
    assert usual_publish(APPS, line(), BODY + b" ", NOW) is None


def test_what_was_read_before_counts_for_no_app_that_has_changed() -> None:
    assert usual_publish(APPS, line(), BODY, NOW) is not None
    other_key = make_app(keys=(AppKey("other", SECRET),))
    other_secret = make_app(keys=(AppKey(KEY, "other"),))
    for apps in ([], [make_app(enabled=False)], [other_key], [other_secret]):
        assert usual_publish(AppRegistry(apps), line(), BODY, NOW) is None
    assert usual_publish(APPS, line(), BODY, NOW) is not None


@given(st.data())
@example(None)
def test_whatever_it_takes_the_long_way_takes_too(data: st.DataObject | None) -> None:
    """Signed texts with odd parameters, and lines altered afterwards."""
    if data is None:
        altered = line()
    else:
        params = data.draw(
            st.lists(
                st.sampled_from(
                    [
                        f"auth_key={KEY}",
                        f"auth_timestamp={NOW:.0f}",
                        "auth_version=1.0",
                        f"body_md5={hashlib.md5(BODY).hexdigest()}",
                        "auth_version=1.1",
                        "auth_key=",
                        "info=user_count",
                    ]
                ),
                min_size=3,
                max_size=6,
            )
        )
        signature = digest(f"POST\n{EVENTS}\n{'&'.join(params)}")
        place = data.draw(st.integers(0, len(params)))
        query = "&".join([*params[:place], f"auth_signature={signature}", *params[place:]])
        made = data.draw(
            st.sampled_from([line(), sorted_whole(line()), f"POST {EVENTS}?{query} HTTP/1.1".encode()])
        )
        at = data.draw(st.integers(0, len(made)))
        piece = data.draw(
            st.sampled_from([b"", b"&", b"=", b"a", b"%41", b" ", b"\n", b"&auth_signature=", made[at:]])
        )
        altered = made[:at] + piece + made[at + data.draw(st.integers(0, 2)) :]
    found = usual_publish(APPS, altered, BODY, NOW)
    if found is not None:
        assert found == (APP, "events")
        assert taken_the_long_way(altered, BODY, NOW)
    else:
        assert altered != line()


def test_what_strangers_fill_it_with_is_bounded() -> None:
    for number in range(3000):
        usual_publish(APPS, line().replace(KEY.encode(), b"k%d" % number), BODY, NOW)
    assert len(module._OPENINGS) <= 1024
