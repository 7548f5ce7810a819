"""Networks with limits of their own."""

from ipaddress import ip_network

from toolboxai.protocol.allow_list import NOBODY_LISTED, AllowedNetwork, AllowList

DISTRICT = AllowedNetwork(ip_network("10.0.0.0/8"), max_connections_per_ip=100)
SCHOOL = AllowedNetwork(ip_network("10.1.0.0/16"))
ABROAD = AllowedNetwork(ip_network("2001:db8::/32"))


def test_the_smallest_network_that_holds_an_address_counts_however_they_are_listed() -> None:
    for listed in ([DISTRICT, SCHOOL, ABROAD], [ABROAD, SCHOOL, DISTRICT]):
        some = AllowList(listed)
        assert some.find("10.1.2.3") is SCHOOL
        assert some.find("::ffff:10.1.2.3") is SCHOOL
        assert some.find("10.2.2.3") is DISTRICT
        assert some.find("2001:db8::7") is ABROAD


def test_who_is_in_none_or_has_no_address_has_the_limits_of_all_others() -> None:
    some = AllowList([DISTRICT])
    for address in ("192.0.2.1", "unknown", "", "2001:db8::7"):
        assert some.find(address) is None
        assert NOBODY_LISTED.find(address) is None
