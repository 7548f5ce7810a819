"""The port: free, ours, somebody else's."""

import asyncio

import pytest

from servers import serving
from toolboxai.cli.checks.finding import Verdict
from toolboxai.cli.checks.port import port


async def test_a_free_one_is_good() -> None:
    assert (await port("127.0.0.1", 0)).verdict is Verdict.OK


async def test_a_server_of_ours_is_good() -> None:
    async with serving() as running:
        found = await port("127.0.0.1", running.port)
    assert found.verdict is Verdict.OK
    assert "a toolboxai server listens" in found.text


@pytest.mark.parametrize("said", [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b""])
async def test_another_program_is_a_fault(said: bytes) -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        number = other.sockets[0].getsockname()[1]
        found = await port("127.0.0.1", number)
    assert found.verdict is Verdict.FAULT
    assert "Address already in use" in found.text
    assert f"sport = :{number}" in found.text


async def test_an_address_that_is_not_this_machines_is_a_fault() -> None:
    found = await port("192.0.2.1", 0)
    assert found.verdict is Verdict.FAULT
    assert "Cannot assign requested address" in found.text
