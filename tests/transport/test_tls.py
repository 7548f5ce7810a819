"""TLS in the server: the same port with everything, and a certificate that is replaced under open connections."""

import asyncio
import logging
import re
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from callers import UPGRADE, Http, client_frame, until
from certificates import Authority, Files, pem_key
from pages import pages
from servers import APP, KEY, Running, serving
from toolboxai import limits
from toolboxai.errors import ConfigError
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.tls import read_pair

DAY_S = 86400.0


@pytest.fixture
def clock() -> ManualClock:
    """Begins where the clients' own clocks are, who look at the certificate too."""
    return ManualClock(time.time())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def files(authority: Authority) -> Files:
    return authority.issue()


@pytest.fixture
async def server(files: Files) -> AsyncIterator[Running]:
    async with serving(web=pages, files=files) as running:
        yield running


def shown(http: Http) -> str:
    """Whose certificate the server showed on this connection."""
    found = http.writer.get_extra_info("ssl_object").getpeercert()
    return str(dict(each[0] for each in found["subject"])["commonName"])


async def shown_to_the_next(server: Running) -> str:
    async with server.http() as http:
        return shown(http)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [
        each.getMessage()
        for each in caplog.records
        if each.name == "toolboxai.transport.tls" and each.levelno >= logging.WARNING
    ]
    caplog.clear()
    return found


def loud(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What stands in the log, of whomever; strangers must not be able to fill it."""
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


# ---- the port -----------------------------------------------------------------------------------------------


async def test_everything_is_on_the_one_port(server: Running) -> None:
    assert server.server.url == f"https://127.0.0.1:{server.port}"
    async with server.socket() as alice, server.http() as http:
        await alice.enter("a")
        await server.trigger("a", "e", '"' + "x" * 9000 + '"')
        assert (await alice.hear())["event"] == "e"
        assert (await http.ask("GET", "/healthz")).text == "ok\n"
        assert (await http.ask("POST", "/page", b"y" * 200_000)).text == "page POST /page " + "y" * 200_000
    await until(lambda: server.metrics.connections == 0)
    assert server.metrics.faults_total == 0


async def test_no_event_goes_past_the_encryption(server: Running) -> None:
    """Where there is none, many sockets are written to by one call."""
    async with server.http() as http:
        await http.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)
        [connection] = server.node.connections
        assert connection.outbox.line is None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_it_speaks_the_versions_that_are_good_and_http_1(
    server: Running, files: Files, version: ssl.TLSVersion
) -> None:
    trust = files.trust()
    trust.minimum_version = trust.maximum_version = version
    trust.set_alpn_protocols(["h2", "http/1.1"])
    async with server.http(ssl=trust) as http:
        wire = http.writer.get_extra_info("ssl_object")
        assert (wire.version().replace(".", "_"), wire.selected_alpn_protocol()) == (version.name, "http/1.1")
        assert (await http.ask("GET", "/healthz")).status == 200


async def test_older_versions_are_refused(server: Running, files: Files) -> None:
    trust = files.trust()
    trust.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        trust.minimum_version = trust.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError):  # of TLS, or that it was reset
        async with server.http(ssl=trust):
            pass


async def test_who_does_not_speak_tls_is_left_and_nobody_else_notices(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.socket() as alice:
        for said in (Http.request("GET", "/healthz"), b"\x16\x03\x01\x02\x00\x01" + b"\xff" * 511, b"\x00"):
            async with Http.opened(server.port) as plain:
                plain.send(said)
                if len(said) == 1:
                    plain.writer.write_eof()
                answer = await plain.ended()
                assert not answer.startswith(b"HTTP")
        await alice.hears_nothing()
    assert server.metrics.faults_total == 0
    assert loud(caplog) == []


async def test_a_handshake_that_is_not_finished_ends_in_time(
    files: Files, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_S", 0.2)
    async with serving(files=files) as server, AsyncExitStack() as stack:
        silent = await stack.enter_async_context(Http.opened(server.port))
        half = await stack.enter_async_context(Http.opened(server.port))
        half.send(b"\x16\x03\x01\x02\x00\x01")
        assert (await silent.ended(), await half.ended()) == (b"", b"")
        assert (await shown_to_the_next(server)).startswith("server")
    assert loud(caplog) == []


# ---- how a connection ends ----------------------------------------------------------------------------------


async def test_who_is_refused_in_the_middle_of_sending_is_told(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TLS_LINGER_S", 0.1)
    async with server.http() as http:
        http.send(b"GET /healthz HTTP/1.1\r\nX: " + b"x" * (limits.HEAD_BYTES + 1))
        assert (await http.answer()).status == 431
        for _ in range(20):
            http.send(b"x" * 10_000)
            await asyncio.sleep(0)
        assert await http.ended() == b""


async def test_who_breaks_the_framing_is_told(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TLS_LINGER_S", 0.1)
    async with server.http() as http:
        assert (await http.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)).status == 101
        await http.reader.readuntil(b'}"}')
        http.send(b"\x81\x01x")  # not masked
        for _ in range(20):
            http.send(b"x" * 10_000)
        assert b"\x88" in await http.ended()


async def test_a_shutdown_closes_with_4200(files: Files) -> None:
    async with AsyncExitStack() as stack:
        async with serving(files=files) as server:
            alice = await stack.enter_async_context(server.socket())
            heard = asyncio.ensure_future(alice.ending())
            await asyncio.sleep(0)
        assert (await heard)[1] == 4200
    assert server.metrics.connections_aborted_total == 0


async def overfed(server: Running, stack: AsyncExitStack) -> Http:
    """A subscriber that has not read while more was published than may wait for it."""
    slow = await stack.enter_async_context(server.http(limit=1 << 16))
    assert (await slow.ask("GET", f"/app/{KEY}?protocol=7", headers=UPGRADE)).status == 101
    slow.send(client_frame(0x1, b'{"event":"pusher:subscribe","data":{"channel":"a"}}'))
    await slow.reader.readuntil(b"subscription_succeeded")
    (protocol,) = server.server._acceptor.sockets
    count = 0
    while server.metrics.slow_consumers_total == 0 and count < 3000:
        for _ in range(20):
            await server.node.publish(APP, [ChannelName.parse("a")], f"{count}", '"' + "x" * 10_000 + '"')
            count += 1
        await asyncio.sleep(0)
    assert server.metrics.slow_consumers_total == 1
    assert (
        protocol.buffered() <= limits.OUTBOX_BYTES + 64 * 1024
    )  # with what stands around it when it is encrypted
    return slow


async def test_a_slow_reader_is_closed_with_4100_last(server: Running) -> None:
    async with AsyncExitStack() as stack:
        slow = await overfed(server, stack)
        async with asyncio.timeout(10):
            heard = b""
            while not heard.endswith(b"\x10\x04Over capacity: this connection reads too slowly"):
                got = await slow.reader.read(1 << 16)
                assert got, "the connection ended before its close frame"
                heard += got
            numbers = [int(found) for found in re.findall(rb'{"event":"(\d+)"', heard)]
            assert numbers == list(range(len(numbers)))
            assert numbers
            slow.send(client_frame(0x8, b"\x10\x04"))
            assert await slow.ended() == b""
    assert server.metrics.connections_aborted_total == 0


async def test_who_does_not_take_the_close_either_is_cut_off(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "APP_CLOSE_GRACE_S", 0.2)
    async with AsyncExitStack() as stack:
        await overfed(server, stack)
        await until(lambda: not server.server._acceptor.sockets)
    assert (server.metrics.connections_aborted_total, server.metrics.connections) == (1, 0)


# ---- the certificate ----------------------------------------------------------------------------------------


async def test_it_is_replaced_without_touching_open_connections(
    authority: Authority, files: Files, clock: ManualClock
) -> None:
    async with serving(files=files, clock=clock) as server, server.socket() as alice, server.http() as http:
        assert (await http.ask("GET", "/healthz")).status == 200
        first = server.metrics.tls_certificate_expires_at_seconds
        authority.issue(days=180).copy_over(files)
        assert await shown_to_the_next(server) == "server 1"  # nobody has looked yet
        await server.advance(60)
        assert await shown_to_the_next(server) == "server 2"
        assert server.metrics.tls_certificate_expires_at_seconds == pytest.approx(first + 90 * DAY_S, abs=60)
        assert (await http.ask("GET", "/healthz")).status == 200
        await alice.hears_nothing()
        assert server.metrics.connections_total == 1


async def test_it_is_replaced_when_someone_says_so(authority: Authority, files: Files) -> None:
    async with serving(files=files) as server:
        certificate = server.server._certificate
        assert certificate is not None
        authority.issue().copy_over(files)
        await certificate.renew()
        assert await shown_to_the_next(server) == "server 2"


@pytest.mark.parametrize("fault", ["no-fit", "no-certificate", "gone"])
async def test_a_pair_that_cannot_be_used_changes_nothing_and_is_told_once(
    authority: Authority, files: Files, clock: ManualClock, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    other = authority.issue()
    async with serving(files=files, clock=clock) as server:
        if fault == "no-fit":
            files.certificate.write_bytes(other.certificate.read_bytes())
        elif fault == "no-certificate":
            files.certificate.write_text("half a file")
        else:
            files.key.unlink()
        for _ in range(3):
            await server.advance(60)
        assert told(caplog) == ["certificate not replaced"]
        assert await shown_to_the_next(server) == "server 1"
        other.copy_over(files)
        await server.advance(60)
        assert (await shown_to_the_next(server), told(caplog)) == ("server 2", [])


async def test_that_its_end_is_near_or_past_is_told_once_a_day(
    authority: Authority, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    files = authority.issue(days=16, since=datetime.fromtimestamp(clock.now(), UTC))
    async with serving(files=files, clock=clock) as server:
        assert told(caplog) == []
        await server.advance(2.5 * DAY_S)
        await server.advance(60)
        assert told(caplog) == ["certificate expires soon"]
        await server.advance(DAY_S)
        assert told(caplog) == ["certificate expires soon"]
        await server.advance(13 * DAY_S)
        await server.advance(60)
        assert told(caplog) == ["certificate has expired"]


async def test_one_that_is_not_valid_yet_is_told(
    authority: Authority, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    files = authority.issue(since=datetime.fromtimestamp(clock.now() + 5 * DAY_S, UTC))
    async with serving(files=files, clock=clock):
        assert told(caplog) == ["certificate is not valid yet"]


# ---- the files ----------------------------------------------------------------------------------------------


def test_a_good_pair_says_whose_it_is_and_until_when(files: Files) -> None:
    pair = read_pair(files.certificate, files.key)
    assert pair.names == ("127.0.0.1", "localhost")
    assert pair.expires_at - pair.valid_from == 91 * DAY_S


def refusal(certificate: Path, key: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        read_pair(certificate, key)
    return str(refused.value)


def test_what_is_wrong_with_the_files_is_said(authority: Authority, files: Files, tmp_path: Path) -> None:
    other = authority.issue()
    chain, locked, empty = tmp_path / "chain.pem", tmp_path / "locked.pem", tmp_path / "empty.pem"
    chain.write_bytes(authority.file.read_bytes() + files.certificate.read_bytes())
    locked.write_bytes(pem_key(ec.generate_private_key(ec.SECP256R1()), b"secret"))
    empty.write_bytes(b"")
    assert "put your own certificate first" in refusal(chain, files.key)
    assert "does not fit" in refusal(other.certificate, files.key)
    assert "has a password" in refusal(files.certificate, locked)
    assert "holds no private key" in refusal(files.certificate, files.certificate)
    assert "holds no certificate" in refusal(empty, files.key)
    assert "cannot be read (No such file or directory)" in refusal(tmp_path / "none.pem", files.key)
    assert "cannot be read (Is a directory)" in refusal(files.certificate, tmp_path)
