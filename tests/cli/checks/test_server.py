"""A server from the outside: what is good, and each thing that stands in the way."""

import re
import time
from email.utils import formatdate

import pytest

from cli.checks.peers import answers, peer, proxy
from servers import APP_ID, KEY, SECRET, serving
from toolboxai.cli.checks import live
from toolboxai.cli.checks.finding import Finding, Verdict
from toolboxai.cli.checks.server import seen_address, server
from toolboxai.cli.remote import Remote


def remote(port: int, **more: str | None) -> Remote:
    given = {"key": KEY, "app_id": APP_ID, "secret": SECRET, **more}
    return Remote(f"http://127.0.0.1:{port}", **given)


async def seen(port: int, *, named: bool = True, **more: str | None) -> dict[str, Finding]:
    return {
        finding.check: finding async for finding in server(remote(port, **more), named=named, now=time.time)
    }


def verdicts(found: dict[str, Finding]) -> dict[str, Verdict]:
    return {check: finding.verdict for check, finding in found.items()}


async def test_from_its_name_to_an_event_and_a_stream() -> None:
    async with serving() as running:
        found = await seen(running.port)
        assert verdicts(found) == {
            **dict.fromkeys(
                [
                    "name",
                    "reached",
                    "server",
                    "ready",
                    "clock",
                    "subscription",
                    "websocket",
                    "event",
                    "streams",
                ],
                Verdict.OK,
            ),
            "app secret": Verdict.OK,
            "address": Verdict.NOTE,
        }
    assert not any(SECRET in finding.text for finding in found.values())


async def test_without_a_secret_nothing_is_published() -> None:
    async with serving() as running:
        found = await seen(running.port, secret=None)
        assert found["event"].verdict is Verdict.NOTE
        assert running.metrics.publications_total == 0


async def test_without_a_key_health_is_looked_at() -> None:
    async with serving() as running:
        found = await seen(running.port, key=None)
    assert found["app key"].verdict is Verdict.NOTE
    assert found["ready"].verdict is Verdict.OK


async def test_a_key_of_no_app() -> None:
    async with serving() as running:
        found = await seen(running.port, key="another", secret=None)
    assert found["websocket"].verdict is Verdict.FAULT
    assert "4001" in found["websocket"].text


async def test_a_server_that_is_leaving() -> None:
    async with serving() as running:
        running.server.operations.ready = False
        found = await seen(running.port)
    assert found["ready"].verdict is Verdict.WARNING
    assert "(draining)" in found["ready"].text


async def test_nobody_answers() -> None:
    found = await seen(1)
    assert found["reached"].verdict is Verdict.FAULT
    found = await seen(1, named=False)
    assert verdicts(found) == {"server": Verdict.NOTE}


@pytest.mark.parametrize("reply", [answers("hello"), answers("", status="502 Bad Gateway")])
async def test_another_server_there(reply: object) -> None:
    async with peer(reply) as port:  # type: ignore[arg-type]
        found = await seen(port)
    assert found["server"].verdict is Verdict.FAULT
    assert "is this a toolboxai server, or a proxy before one?" in found["server"].text


async def test_a_clock_that_is_wrong() -> None:
    date = f"Date: {formatdate(time.time() - 900, usegmt=True)}"
    async with peer(answers("ok", date)) as port:
        found = await seen(port, key=None)
    assert found["clock"].verdict is Verdict.FAULT
    assert re.search(r"-(899|900|901) s", found["clock"].text)


def without_upgrade(head: bytes) -> bytes:
    return re.sub(rb"(?im)^(upgrade|connection):.*\r\n", b"", head)


async def test_a_proxy_that_passes_no_upgrade_on() -> None:
    async with serving() as running, peer(proxy(running.port, request=without_upgrade)) as port:
        found = await seen(port)
    assert found["app secret"].verdict is Verdict.OK
    assert found["websocket"].verdict is Verdict.FAULT
    assert "does not pass the Upgrade and Connection headers on" in found["websocket"].text


async def test_a_proxy_that_gathers_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_STREAM_S", 0.3)
    async with serving() as running, peer(proxy(running.port, gathers=b"/sse")) as port:
        found = await seen(port)
    assert found["event"].verdict is Verdict.OK
    assert found["streams"].verdict is Verdict.WARNING
    assert "proxy_buffering off" in found["streams"].text


# ---- whom the server sees -----------------------------------------------------------------------------------

OUTSIDE = "https://school.example"
CLIENT, PROXY = "198.51.100.7", "10.0.0.2"


def test_a_proxy_that_is_not_named_is_taken_for_its_clients() -> None:
    plain = {"address": PROXY, "peer": PROXY, "forwarded": True}
    found = seen_address(plain, PROXY, OUTSIDE)
    assert found.verdict is Verdict.WARNING
    assert f"the proxy {PROXY}" in found.text
    assert "server.trusted_proxies" in found.text


def test_a_server_that_believes_its_clients_is_a_fault() -> None:
    plain = {"address": CLIENT, "peer": CLIENT, "forwarded": False}
    found = seen_address(plain, "192.0.2.1", OUTSIDE)
    assert found.verdict is Verdict.FAULT
    assert "a client may say it is another" in found.text


def test_a_proxy_that_is_set_up_well() -> None:
    plain = {"address": CLIENT, "peer": PROXY, "forwarded": True}
    found = seen_address(plain, CLIENT, OUTSIDE)
    assert found.verdict is Verdict.OK
    assert found.text == f"the server sees {CLIENT}, through {PROXY}"


async def test_without_an_admins_token_it_is_said_how_to_learn_it() -> None:
    async with serving() as running:
        assert "TOOLBOXAI_TOKEN" in (await seen(running.port))["address"].text
        found = await seen(running.port, token="none that holds")
    assert found["address"].verdict is Verdict.NOTE
