"""The address of a client behind proxies: what ours say is believed, what it says itself is not."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.protocol.proxies import TrustedProxies, is_within, parse_address

OURS = TrustedProxies([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])
PROXY, CLIENT = "10.0.0.1", "192.0.2.1"


def by_x(peer: str, *values: str) -> str:
    return OURS.address(peer, values, ())


def by_forwarded(peer: str, *values: str) -> str:
    return OURS.address(peer, (), values)


@pytest.mark.parametrize("peer", [PROXY, CLIENT, "fd00::1"])
def test_nobody_is_believed_by_default(peer: str) -> None:
    assert TrustedProxies().address(peer, ["192.0.2.9"], ["for=192.0.2.9"]) == peer


def test_who_is_no_proxy_of_ours_is_not_believed() -> None:
    assert by_x(CLIENT, "10.0.0.9") == by_forwarded(CLIENT, "for=10.0.0.9") == CLIENT


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ((), PROXY),
        (("",), PROXY),
        ((" , ,",), PROXY),
        (("192.0.2.1",), CLIENT),
        (("1.2.3.4, 192.0.2.1",), CLIENT),  # the left part is the client's own claim
        (("10.9.9.9, 192.0.2.1",), CLIENT),
        (("1.2.3.4", "192.0.2.1, 10.0.0.2"), CLIENT),
        (("192.0.2.1,,10.0.0.2 ,",), CLIENT),
        (("10.0.0.3, 10.0.0.2",), "10.0.0.3"),  # all of them ours: the farthest
        (("192.0.2.1, unknown",), PROXY),
        (("192.0.2.1, unknown, 10.0.0.2",), "10.0.0.2"),
        (("192.0.2.1:4711",), CLIENT),
        (("192.0.2.1:4711, 10.0.0.2:80",), CLIENT),
        (("2001:db8::1",), "2001:db8::1"),
        (("2001:DB8:0::1",), "2001:db8::1"),
        (("[2001:db8::1]",), "2001:db8::1"),
        (("[2001:db8::1]:443, fd00::2",), "2001:db8::1"),
        (("::ffff:192.0.2.1",), CLIENT),
        (("192.0.2.1, ::ffff:10.0.0.2",), CLIENT),
        (("192.0.2.01",), PROXY),  # octal to some, decimal to others
        (("3221225985",), PROXY),
        (("192.0.2.1:80:80",), PROXY),
        (("[192.0.2.1",), PROXY),
    ],
)
def test_x_forwarded_for_is_read_from_the_nearest_hop_on(values: tuple[str, ...], address: str) -> None:
    assert by_x(PROXY, *values) == address


@pytest.mark.parametrize(
    ("values", "address"),
    [
        (("for=192.0.2.1",), CLIENT),
        (("For=192.0.2.1; Proto=https ;by=10.0.0.1",), CLIENT),
        (("proto=https;for=192.0.2.1:4711",), CLIENT),  # without the quotes that it should have
        (('for="192.0.2.1:4711"',), CLIENT),
        (('for="192.0.2.1:_port"',), CLIENT),
        (('for="[2001:db8::1]"',), "2001:db8::1"),
        (('for="[2001:db8::1]:4711";host="school.example, for=1.2.3.4"',), "2001:db8::1"),
        ((r'for="192.0.2\.1";host="a\", for=1.2.3.4, \\"',), CLIENT),
        (("for=1.2.3.4, for=192.0.2.1",), CLIENT),
        (("for=1.2.3.4", "for=192.0.2.1, for=10.0.0.2"), CLIENT),
        (("for=192.0.2.1, for=unknown",), PROXY),
        (('for=192.0.2.1, for="_hidden", for=10.0.0.2',), "10.0.0.2"),
        (("for=192.0.2.1, by=10.0.0.1;proto=https",), PROXY),
        (("for=192.0.2.1;for=1.2.3.4",), PROXY),
        (("for=192.0.2.1;",), PROXY),
        (("for=192.0.2.1 for=1.2.3.4",), PROXY),
        (('for="192.0.2.1',), PROXY),
        (("192.0.2.1",), PROXY),
        (("",), PROXY),
    ],
)
def test_forwarded_is_read_in_the_same_way(values: tuple[str, ...], address: str) -> None:
    assert by_forwarded(PROXY, *values) == address


def test_where_both_headers_stand_they_have_to_agree() -> None:
    assert OURS.address(PROXY, [CLIENT], ["for=192.0.2.1"]) == CLIENT
    assert OURS.address(PROXY, [CLIENT], [" "]) == CLIENT
    assert OURS.address(PROXY, ["1.2.3.4"], ["for=192.0.2.1"]) == PROXY
    assert OURS.address(PROXY, ["10.0.0.2"], ["for=1.2.3.4, for=10.0.0.3"]) == PROXY
    assert OURS.address(PROXY, [CLIENT], ["for=unknown"]) == PROXY


_FORGED = st.text(st.characters(codec="latin-1"), max_size=40) | st.lists(
    st.sampled_from(["for=", "1.2.3.4", "10.0.0.2", ",", ";", '"', "\\", " ", "[", "]", ":", "host="]),
    max_size=12,
).map("".join)
_ADDED = st.sampled_from(
    ["for=192.0.2.1", 'for="192.0.2.1:4711";proto=https', r'by=10.0.0.1;host="a\\\", b";for=192.0.2.1']
)


@given(_FORGED, _ADDED, st.booleans())
@example('for="1.2.3.4', "for=192.0.2.1", True)
@example('for="1.2.3.4;by="', "for=192.0.2.1", True)
@example("\\", 'for="192.0.2.1"', True)
def test_whatever_a_client_wrote_its_address_is_what_our_proxy_added(
    forged: str, added: str, in_one_line: bool
) -> None:
    def after(what: str) -> Sequence[str]:
        return [f"{forged}, {what}"] if in_one_line else [forged, what]

    assert by_forwarded(PROXY, *after(added)) == CLIENT
    assert by_x(PROXY, *after(CLIENT)) == CLIENT


@given(_FORGED, _FORGED)
def test_garbage_is_read_without_a_fault_and_an_address_comes_out(x: str, forwarded: str) -> None:
    assert parse_address(OURS.address(PROXY, [x], [forwarded])) is not None


def test_a_chain_as_long_as_a_head_is_walked_to_its_end() -> None:
    hops = ["10.0.0.2"] * 1_500
    assert by_x(PROXY, CLIENT, *hops) == CLIENT
    assert by_forwarded(PROXY, f"for={CLIENT}", *(f'for="{hop}"' for hop in hops)) == CLIENT


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("::ffff:192.0.2.1", CLIENT),
        ("::FFFF:c000:201", CLIENT),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_one_address_has_one_form(peer: str, address: str) -> None:
    assert by_x(peer) == address


def test_a_proxy_that_is_connected_by_a_mapped_address_is_ours_all_the_same() -> None:
    assert by_x("::ffff:10.0.0.1", CLIENT) == CLIENT


def test_networks_hold_addresses_of_their_own_version() -> None:
    networks = [ip_network("0.0.0.0/0"), ip_network("2001:db8::/32")]
    assert is_within(ip_address(CLIENT), networks)
    assert is_within(parse_address("::ffff:192.0.2.1"), networks)
    assert is_within(parse_address("2001:db8::1"), networks)
    assert not is_within(parse_address("2001:db9::1"), networks)
    assert not is_within(parse_address("unknown"), networks)


def test_a_header_takes_time_by_its_length_alone() -> None:
    # By the square of it, this would be minutes, and of a head as long as may be a third of a second.
    backslashes = "\\" * 200_000
    proxies = TrustedProxies([ip_network("10.0.0.0/8")])
    for told in (f"for=192.0.2.1;by={backslashes}", f"{backslashes}, for=192.0.2.1"):
        assert proxies.address("10.0.0.1", [], [told]) == "192.0.2.1"
