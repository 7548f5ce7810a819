"""soketi's names for our numbers."""

import re

from servers import Running, make_app, serving
from toolboxai.transport.soketi_names import SOKETI_NAMES


async def soketi_text(server: Running) -> str:
    async with server.http() as http:
        return (await http.ask("GET", "/metrics")).text


async def test_without_the_setting_there_are_none(server: Running) -> None:
    assert "soketi" not in await soketi_text(server)


async def test_the_names_and_types_are_soketis_and_the_numbers_are_ours() -> None:
    async with serving(make_app(), soketi_prefix="soketi_") as server, server.socket() as alice:
        await alice.enter("a")
        await server.trigger("a", "e", "{}")
        await alice.hear()
        text = await soketi_text(server)
        ours = server.node.metrics.app("3")
        told = {
            name: float(number)
            for name, number in re.findall(
                rf'^soketi_(\w+){{app_id="3",port="{server.port}"}} (\S+)$', text, re.MULTILINE
            )
        }
        assert told == {
            "connected": 1,
            "new_connections_total": 1,
            "new_disconnections_total": 0,
            "socket_received_bytes": ours.received_bytes_total,
            "socket_transmitted_bytes": ours.sent_bytes_total,
            "ws_messages_received_total": ours.messages_received_total,
            "ws_messages_sent_total": ours.messages_sent_total,
            "http_received_bytes": ours.http_received_bytes_total,
            "http_transmitted_bytes": ours.http_sent_bytes_total,
            "http_calls_received_total": 1,
        }
        assert min(ours.received_bytes_total, ours.sent_bytes_total, ours.http_received_bytes_total) > 0
        for name, each in SOKETI_NAMES.items():
            assert f"# TYPE soketi_{name} {each.kind}\n" in text


async def test_the_prefix_is_the_operators() -> None:
    async with serving(make_app(), soketi_prefix="sockudo_") as server:
        assert f'sockudo_connected{{app_id="3",port="{server.port}"}} 0.0' in await soketi_text(server)
