"""``server.allow_list`` and ``server.proxy_protocol``: what may be written, and what it says."""

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from toolboxai.config import load_settings
from toolboxai.config.leaves import leaves, shown
from toolboxai.config.model import ServerTable, Settings
from toolboxai.errors import ConfigError
from toolboxai.protocol.allow_list import AllowedNetwork

Load = Callable[[str], Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(text: str) -> Settings:
        file = tmp_path / "toolboxai.toml"
        file.write_text(f"[server]\n{text}")
        environ = {
            "PUSHER_APP_ID": "3",
            "PUSHER_KEY": "k",
            "PUSHER_SECRET": "s",
            "TOOLBOXAI_JWT_SECRET": "j" * 32,
        }
        return load_settings(environ, file=file)

    return load


def test_a_network_alone_has_no_limits_and_a_table_those_that_it_names(load: Load) -> None:
    table = (
        "{network = '10.2.0.0/16', max_connections_per_ip = 3000, connects_per_s_per_ip = 0.5, "
        "legacy_connections_per_ip = 40, tries_per_minute_per_ip = 5000}"
    )
    settings = load(f"allow_list = ['10.1.0.0/16', {table}]")
    listed = settings.server.allowed()
    assert listed.find("10.1.0.7") == AllowedNetwork(ip_network("10.1.0.0/16"), 0, 0, 0, 0)
    assert listed.find("10.2.0.7") == AllowedNetwork(ip_network("10.2.0.0/16"), 3000, 0.5, 40, 5000)
    assert listed.find("10.3.0.7") is None
    (told,) = [shown(leaf.value) for leaf in leaves(settings) if leaf.path == "server.allow_list"]
    assert told[0] == {
        "network": "10.1.0.0/16",
        "max_connections_per_ip": 0,
        "connects_per_s_per_ip": 0.0,
        "legacy_connections_per_ip": 0,
        "tries_per_minute_per_ip": 0,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("allow_list = ['school']", "'school' is not an address range such as 10.0.0.0/8"),
        ("allow_list = ['10.0.0.1/8']", "has host bits set"),
        ("allow_list = [{max_connections_per_ip = 5}]", "it is missing; add it"),
        ("allow_list = [{network = '10.0.0.0/8', connections = 5}]", "'connections' is not a setting"),
        (
            "allow_list = [{network = '10.0.0.0/8', tries_per_minute_per_ip = -1}]",
            "greater than or equal to 0",
        ),
        (
            "allow_list = ['10.0.0.0/8', {network = '10.0.0.0/8'}]",
            "two entries of allow_list have the same network",
        ),
        ("allow_list = [7]", "allow_list"),
        (
            "proxy_protocol = true",
            "proxy_protocol takes headers from trusted_proxies alone, and none is named",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(load: Load, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(text)
    assert said in str(refused.value)


def test_the_settings_say_whose_word_is_taken(load: Load) -> None:
    server: ServerTable = load("trusted_proxies = ['10.0.0.0/8']\nproxy_protocol = true").server
    assert server.proxies().believes("10.0.0.7")
    assert not server.proxies().believes("192.0.2.1")
    assert server.proxy_protocol
