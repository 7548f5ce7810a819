"""Webhooks of a server that is killed in the middle of its tries, ended in order, and started again."""

import asyncio
import signal
from pathlib import Path

import pytest

from school import SERVE, calls, open_school
from server_process import Serving, credentials, end, launched
from sinks import Sink, sink_open
from toolboxai.client import connect
from warm_start import run

ALONE = (*SERVE[:-1], "--channels-only", "--port")

SETTINGS = """
[[apps]]
id = "{PUSHER_APP_ID}"
key = "{PUSHER_KEY}"
secret = "{PUSHER_SECRET}"

[[apps.webhooks]]
url = "{url}"
headers = {{ Authorization = "Bearer receiver-secret" }}
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {
        **credentials(),
        "TOOLBOXAI_DRAIN_S": "0",
        "TOOLBOXAI_DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite",
    }


def configure(tmp_path: Path, env: dict[str, str], sink: Sink) -> None:
    (tmp_path / "toolboxai.toml").write_text(SETTINGS.format(url=sink.url, **env))


async def occupied(server: Serving, env: dict[str, str], sink: Sink, *channels: str) -> None:
    """Visit some channels; returns once each was posted, taken or not."""
    async with connect(server.url, env["PUSHER_KEY"]) as client:
        for channel in channels:
            await client.subscribe(channel)
        seen: set[str] = set()
        while not seen >= set(channels):
            seen |= {event["channel"] for event in (await sink.next()).events}


@pytest.mark.timeout(60)
async def test_a_kill_in_the_middle_of_the_tries_loses_none_and_doubles_only_by_id(
    tmp_path: Path, env: dict[str, str]
) -> None:
    channels = [f"c{number}" for number in range(5)]
    async with sink_open() as sink:
        configure(tmp_path, env, sink)
        sink.always = 500
        with launched([*ALONE, "0"], cwd=tmp_path, env=env) as first:
            await occupied(first, env, sink, *channels)
            first.process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(first.process.wait)
        refused = {posted.id: posted for posted in sink.posts}
        assert {posted.events[0]["channel"] for posted in refused.values()} == set(channels)
        sink.always, sink.posts = None, []
        with launched([*ALONE, "0"], cwd=tmp_path, env=env) as second:
            # What was refused comes again; nobody came back, so that each is vacated after a while.
            while len({posted.id for posted in sink.posts}) < 2 * len(channels):
                await sink.next(patience_s=30)
            await asyncio.to_thread(end, second)
            log = second.log.read_text()
    taken = {posted.id: posted for posted in sink.posts}
    for webhook_id, posted in refused.items():
        assert taken[webhook_id].body == posted.body
    told = [(posted.names[0], posted.events[0]["channel"]) for posted in taken.values()]
    for channel in channels:
        of_channel = [name for name, where in told if where == channel]
        assert of_channel == ["channel_occupied", "channel_vacated"]
    assert all(posted.holds(env["PUSHER_SECRET"]) for posted in sink.posts)
    assert "receiver-secret" not in log
    assert env["PUSHER_SECRET"] not in log


@pytest.mark.timeout(60)
async def test_who_comes_back_to_the_next_server_has_not_been_away(
    tmp_path: Path, env: dict[str, str]
) -> None:
    async with sink_open() as sink:
        configure(tmp_path, env, sink)
        with launched([*ALONE, "0"], cwd=tmp_path, env=env) as first:
            async with connect(first.url, env["PUSHER_KEY"]) as client:
                await client.subscribe("lesson")
                assert (await sink.next()).names == ["channel_occupied"]
                await asyncio.to_thread(end, first)
                with launched([*ALONE, str(first.port)], cwd=tmp_path, env=env) as second:
                    await client.subscribe("other")
                    assert (await sink.next()).events == [{"name": "channel_occupied", "channel": "other"}]
                    await asyncio.to_thread(end, second)
    assert len(sink.posts) == 2


@pytest.mark.timeout(60)
async def test_a_replay_by_command_line_is_seen_by_the_running_server(
    tmp_path: Path, env: dict[str, str]
) -> None:
    async with sink_open() as sink:
        configure(tmp_path, env, sink)
        with launched([*ALONE, "0"], cwd=tmp_path, env=env) as server:
            async with connect(server.url, env["PUSHER_KEY"]) as client:
                await client.subscribe("lesson")
                posted = await sink.next()
                while await asyncio.to_thread(command, tmp_path, env, "replay", posted.id):
                    pass  # until the server has written down that it was taken
                again = await sink.next()
                assert (again.id, again.events) == (posted.id, posted.events)
                assert again.body != posted.body
                assert again.holds(env["PUSHER_SECRET"])


@pytest.mark.timeout(60)
async def test_an_admin_finds_and_replays_by_rest_and_the_application_takes_its_own(tmp_path: Path) -> None:
    async with sink_open() as sink:
        school = await asyncio.to_thread(open_school, tmp_path, names=("ada", "sam"))
        configure(tmp_path, dict(school.env), sink)
        with launched([*SERVE, "0"], cwd=tmp_path, env=school.env) as server:
            async with connect(server.url, school.key) as client, calls(server, school["ada"]) as http:
                await client.subscribe("lesson")
                posted = await sink.next()
                log = "/api/v1/admin/webhooks"
                async with asyncio.timeout(10):
                    while not (await http.get(log, params={"state": "delivered"})).json()["items"]:
                        pass  # until the server has written down that it was taken
                async with calls(server, school["sam"]) as pupil:
                    assert (await pupil.post(f"{log}/{posted.id}/replay")).status_code == 403
                assert (await http.post(f"{log}/{posted.id}/replay")).status_code == 202
                again = await sink.next()
                assert (again.id, again.events) == (posted.id, posted.events)
                own = {name: again.headers[name] for name in ("x-pusher-key", "x-pusher-signature")}
                taken = await http.post("/api/v1/pusher/webhook", content=again.body, headers=own)
                assert (taken.status_code, taken.json()) == (200, {"events": 1})
                refused = await http.post("/api/v1/pusher/webhook", content=posted.body, headers=own)
                assert refused.status_code == 401
            await asyncio.to_thread(end, server)


def command(tmp_path: Path, env: dict[str, str], *words: str) -> int:
    return run(["webhooks", *words], cwd=tmp_path, env=env).returncode
