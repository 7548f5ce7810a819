"""Ways to the identity provider and back: each ends once, in its own browser, in time."""

import base64
import hashlib
import random

import pytest

from toolboxai.errors import InvalidToken
from toolboxai.platform.identity import oidc_visits
from toolboxai.platform.identity.keys import KeyRing, TokenKey
from toolboxai.platform.identity.oidc_visits import VISIT_S, Visits
from toolboxai.testing.clock import ManualClock

OTHER = TokenKey.hmac("2", "another secret of the tests, long enough too")


@pytest.fixture
def visits(key_ring: KeyRing, clock: ManualClock) -> Visits:
    return Visits(key_ring.derived("visits"), clock, random.Random(1))


def refused(visits: Visits, cookie: str | None, state: str) -> None:
    with pytest.raises(InvalidToken, match="begin again"):
        visits.end(cookie, state)


def test_a_way_ends_with_the_secrets_that_it_began_with_and_once(visits: Visits) -> None:
    begun = visits.begin()
    assert visits.end(begun.cookie, begun.state) == begun
    refused(visits, begun.cookie, begun.state)


def test_its_secrets_are_apart_and_each_way_has_its_own(visits: Visits) -> None:
    ways = [visits.begin() for _ in range(3)]
    secrets = [
        secret for way in ways for secret in (way.cookie, way.state, way.nonce, way.verifier, way.challenge)
    ]
    assert len(set(secrets)) == len(secrets)
    digest = hashlib.sha256(ways[0].verifier.encode()).digest()
    assert ways[0].challenge == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert 43 <= len(ways[0].verifier) <= 128
    assert ways[0].state not in repr(ways[0])


def test_the_state_of_another_browser_is_none(visits: Visits) -> None:
    mine, theirs = visits.begin(), visits.begin()
    refused(visits, mine.cookie, theirs.state)
    refused(visits, None, theirs.state)
    assert visits.end(mine.cookie, mine.state) == mine


@pytest.mark.parametrize(
    "cookie", ["", "x", "9999999999.x", "9" * 5000, "99999999999." + "a" * 50, "-1." + "a" * 50]
)
def test_a_cookie_that_somebody_made_is_none(visits: Visits, cookie: str) -> None:
    refused(visits, cookie, visits.begin().state)


def test_a_later_end_cannot_be_written_into_the_cookie(visits: Visits, clock: ManualClock) -> None:
    begun = visits.begin()
    until, _, secret = begun.cookie.partition(".")
    refused(visits, f"{int(until) + 9000}.{secret}", begun.state)
    clock.advance(VISIT_S + 1)
    refused(visits, begun.cookie, begun.state)


@pytest.mark.parametrize("state", ["", "x", "\ud800", "ü", "x" * 9000])
def test_any_state_that_is_not_ours_is_none(visits: Visits, state: str) -> None:
    refused(visits, visits.begin().cookie, state)


def test_it_outlives_a_restart_and_a_rotation_but_not_the_end_of_its_key(
    visits: Visits, key_ring: KeyRing, clock: ManualClock
) -> None:
    one, two = visits.begin(), visits.begin()
    key_ring.replace([OTHER, key_ring.signing])
    again = Visits(key_ring.derived("visits"), clock, random.Random(2))
    assert again.end(one.cookie, one.state) == one
    key_ring.replace([OTHER])
    refused(again, two.cookie, two.state)


def test_what_is_remembered_is_bounded(
    visits: Visits, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_visits, "USED", 10)
    for _ in range(30):
        way = visits.begin()
        visits.end(way.cookie, way.state)
    assert len(visits._used) == 10
    clock.advance(VISIT_S + 1)
    way = visits.begin()
    visits.end(way.cookie, way.state)
    assert len(visits._used) == 1
