"""The way to a server: each step that can fail does, and says what to do."""

import asyncio
import ssl
import time
from pathlib import Path

import pytest

from cli.checks.peers import Authority, answers, peer
from toolboxai.cli.checks.finding import Finding, Verdict
from toolboxai.cli.checks.way import expiry, way

NOW = 1_780_000_000.0


async def seen(url: str) -> dict[str, Finding]:
    return {finding.check: finding async for finding in way(url, now=time.time())}


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this machine trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def presented(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_name_that_is_none() -> None:
    found = await seen(f"http://{'x' * 64}.example")
    assert list(found) == ["name"]
    assert found["name"].verdict is Verdict.FAULT
    assert "slip of the pen" in found["name"].text


async def test_nobody_listens() -> None:
    found = await seen("http://127.0.0.1:1")
    assert found["name"].verdict is Verdict.OK
    assert found["reached"].verdict is Verdict.FAULT
    assert "toolboxai serve" in found["reached"].text


async def test_a_certificate_that_holds(authority: Authority) -> None:
    async with peer(answers("ok"), ssl=presented(authority.certificate("localhost", days=60))) as port:
        found = await seen(f"https://localhost:{port}")
    assert {check: finding.verdict for check, finding in found.items()} == {
        "name": Verdict.OK,
        "reached": Verdict.OK,
        "certificate": Verdict.OK,
    }
    assert "TLSv1.3" in found["certificate"].text


@pytest.mark.parametrize(
    ("name", "days", "told"),
    [
        ("localhost", -1, "it has expired: renew it"),
        ("school.example", 60, "it is for another name"),
        ("localhost", 5, "renew it now"),
    ],
)
async def test_one_that_does_not_hold_or_not_for_long(
    name: str, days: float, told: str, authority: Authority
) -> None:
    async with peer(answers("ok"), ssl=presented(authority.certificate(name, days=days))) as port:
        found = await seen(f"https://localhost:{port}")
    assert found["certificate"].verdict is not Verdict.OK
    assert told in found["certificate"].text


async def test_one_of_an_authority_that_nobody_knows(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, name="Another Authority")
    async with peer(answers("ok"), ssl=presented(other.certificate("localhost", days=60))) as port:
        found = await seen(f"https://localhost:{port}")
    assert found["certificate"].verdict is Verdict.FAULT
    assert "fullchain.pem" in found["certificate"].text


async def test_plain_http_where_tls_is_asked_for() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with peer(refuse) as port:
        found = await seen(f"https://localhost:{port}")
    assert found["certificate"].verdict is Verdict.FAULT
    assert "write http://" in found["certificate"].text


def test_two_weeks_are_soon() -> None:
    assert expiry("localhost", NOW + 15 * 86400, "TLSv1.3", NOW).verdict is Verdict.OK
    found = expiry("localhost", NOW + 13.5 * 86400, "TLSv1.3", NOW)
    assert found.verdict is Verdict.WARNING
    assert "in 13 days" in found.text


async def test_where_a_proxy_leads_outside_the_way_is_its_affair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://jane:a-password@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "intranet.example")
    found = await seen("https://school.example")
    assert {check: finding.verdict for check, finding in found.items()} == {"reached": Verdict.NOTE}
    assert "a-password" not in found["reached"].text
    assert "certificate" not in await seen(f"https://{'x' * 64}.intranet.example")
