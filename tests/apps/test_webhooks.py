"""Which events a rule wants, and which addresses it may lead to."""

import pytest

from toolboxai.apps.addresses import is_loopback_name, refused_address
from toolboxai.apps.webhooks import WEBHOOK_EVENTS, WebhookRule


def test_a_rule_wants_everything_unless_it_says_otherwise() -> None:
    assert all(WebhookRule("http://a").wants(name, "any") for name in WEBHOOK_EVENTS)
    rule = WebhookRule("http://a", event_types=("cache_miss",), channel_prefix="cache-a")
    assert rule.wants("cache_miss", "cache-ab")
    assert not rule.wants("cache_miss", "cache-b")
    assert not rule.wants("channel_occupied", "cache-a")


def test_the_values_of_headers_are_not_shown() -> None:
    assert "secret" not in repr(WebhookRule("http://a", headers=(("Authorization", "secret"),)))


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.localhost", True),
        ("127.8.0.1", True),
        ("[::1]", True),
        ("::1", True),
        ("localhost.example", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
    ],
)
def test_hosts_that_say_that_they_are_this_machine(host: str, is_one: bool) -> None:
    assert is_loopback_name(host) is is_one


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e"])
def test_addresses_of_the_internet_are_let_through(address: str) -> None:
    assert refused_address(address, loopback=False) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_let_through_where_it_is_meant(address: str) -> None:
    assert refused_address(address, loopback=True) is None
    assert refused_address(address, loopback=False) == "loopback"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("100.64.0.1", "private"),
        ("2002:0a00:0001::1", "private"),
        ("fe80::1%eth0", "link-local"),
        ("169.254.169.254", "link-local"),
        ("255.255.255.255", "none of a host"),
        ("::", "none of a host"),
    ],
)
def test_other_addresses_are_refused(address: str, kind: str) -> None:
    assert refused_address(address, loopback=True) == kind
