"""A server in a process of its own, whose disk has no room for a while."""

import asyncio
import os
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from forms import FULL
from generation import assert_whole, long_text
from school import SERVE, Open, School, calls, generate, open_school, publish
from server_process import Serving, end, launched
from small_disks import makes_disks
from toolboxai.client import connect

DISK_BYTES = 6 << 20


@pytest.fixture
def school(tmp_path: Path) -> School:
    """A school whose database stands on a small disk, where this machine gives one; the people come with it."""
    home = tmp_path / "school"
    (home / "disk").mkdir(parents=True)
    return open_school(home, database_url=f"sqlite:///{home / 'disk' / 'toolboxai.db'}", names=("jane",))


def on_its_disk(school: School) -> Sequence[str]:
    """The command of the server; its database is copied to a disk of its own."""
    if not makes_disks():
        return [*SERVE, "0"]
    disk = school.home / "disk"
    script = 'cp -a "$1" "$1.whole" && mount -t tmpfs -o size=$2 none "$1" && cp -a "$1.whole/." "$1" && shift 2 && exec "$@"'
    return ["unshare", "-Urm", "sh", "-c", script, "sh", str(disk), str(DISK_BYTES), *SERVE, "0"]


def fill(filler: Path) -> None:
    """To the last page; only that there is no room ends it."""

    def write() -> None:
        with filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    with pytest.raises(OSError, match="No space left"):
        write()


@contextmanager
def full(school: School, server: Serving) -> Iterator[None]:
    """Nothing more fits on the disk; without one of its own, no file of the server's may grow."""
    pid, disk = server.process.pid, school.home / "disk"
    if makes_disks():
        filler = Path(f"/proc/{pid}/root{disk}/filler")  # the disk as the server sees it
        fill(filler)
        yield
        filler.unlink()
        return
    longest = max(path.stat().st_size for path in disk.iterdir())
    _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (longest, hard))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


async def sign_in(http: httpx2.AsyncClient, school: School) -> httpx2.Response:
    jane = school["jane"]
    return await http.post("/api/v1/auth/login", json={"username": jane.name, "password": jane.password})


@pytest.mark.timeout(60)
@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
async def test_a_server_whose_disk_is_full_goes_on_when_there_is_room(school: School) -> None:
    reason = "disk_full" if makes_disks() else "disk_fault"
    with launched(
        on_its_disk(school), cwd=school.home, env={**school.env, "PATH": os.environ["PATH"]}
    ) as server:
        opened = Open(school, server)
        async with (
            calls(server, school["jane"]) as jane,
            connect(server.url, school.key, token=school["jane"].token) as client,
        ):
            news = await client.subscribe("news")
            accepted = await generate(jane, source_text=long_text(20_000))
            signed_in = []
            with full(school, server):
                async with asyncio.timeout(20):
                    # A log of SQLite's may have some room left in it.
                    while (answer := await sign_in(jane, school)).is_success:
                        signed_in.append(answer.json()["refresh_token"])
                assert answer.status_code == 503, answer.text
                assert answer.json()["details"]["reason"] == reason
                await publish(opened, "news", {"type": "said", "data": "still here"})
                assert (await anext(aiter(news))).data["data"] == "still here"
            events = []
            async for event in await client.subscribe(accepted["private_channel"], since=0):
                events.append(event.data)
                if event.name in ("generation_complete", "error"):
                    break
            assert_whole(events, accepted["session_id"])
            assert (await sign_in(jane, school)).is_success
            for token in signed_in:
                answer = await jane.post("/api/v1/auth/refresh", json={"refresh_token": token})
                assert answer.is_success, "what was acknowledged is there"
        log = server.log.read_text()
        assert log.count("the database takes nothing") == 1, log
        assert log.count("the database takes everything again") == 1
        end(server)
