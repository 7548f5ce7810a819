"""Worlds as a whole: store, job engine, engine and the reader of scripts are the real ones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_teacher
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.errors import (
    Conflict,
    ContentFailed,
    InvalidToken,
    PreconditionFailed,
    RateLimitExceeded,
    ResourceNotFound,
    ValidationError,
)
from toolboxai.platform.identity.model import Role
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.builds import Rebuild
from toolboxai.platform.roblox.engine import BUILD_FAILED
from toolboxai.platform.roblox.limits import WorldLimits
from toolboxai.platform.roblox.model.files import FORMATS
from toolboxai.platform.roblox.model.spec import Component, Features, Theme
from world_parts import ANNA, LESSON, RunningWorlds, a_wish, running_worlds

pytestmark = pytest.mark.timeout(60)

BEN = a_teacher("user_2")
STRANGERS = [BEN, a_teacher("user_1", "org_2"), a_teacher("user_3", role=Role.STUDENT)]


@pytest.fixture
def run(database: AsyncEngine, migrated_url: str) -> Callable[..., Any]:
    return lambda **options: running_worlds(
        RunningWorlds(DatabaseEnvironmentStore(database), migrated_url, **options)
    )


@pytest.fixture
async def there(run: Callable[..., Any]) -> AsyncIterator[RunningWorlds]:
    async with run() as begun:
        yield begun


async def test_a_lesson_becomes_a_world_component_by_component(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish(content_id="content_1"))
    assert begun.status is EnvironmentStatus.QUEUED
    said = await there.until(begun.id, "ready")
    assert there.states(begun.id) == [
        ("queued", 0, "pending pending pending"),
        ("generating", 0, "in_progress pending pending"),
        ("generating", 30, "complete pending pending"),
        ("generating", 30, "complete in_progress pending"),
        ("generating", 60, "complete complete pending"),
        ("generating", 60, "complete complete in_progress"),
        ("generating", 90, "complete complete in_progress"),
        ("ready", 100, "complete complete complete"),
    ]
    assert [event["seq"] for event in said] == list(range(1, len(said) + 1))
    assert all(one["timestamp"] <= other["timestamp"] for one, other in pairwise(said))
    world = await there.service.environment(ANNA, begun.id)
    assert (world.status, world.progress, world.ready_build) == (EnvironmentStatus.READY, 100, 1)
    stored = await there.service.events(ANNA, begun.id, after=0, limit=500)
    assert [event.data for event in stored] == [event["data"] for event in said]


async def test_what_is_told_of_a_file_is_what_is_served(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish(content_id="content_1"))
    said = await there.until(begun.id, "ready")
    ready = [event["data"] for event in said if event["type"] == "asset_ready"]
    assert [data["asset_id"] for data in ready] == [None] * len(FORMATS)
    for data in ready:
        asset_id = data["download_url"].rpartition("/")[2]
        content = (await there.service.downloads.asset(ANNA, begun.id, asset_id)).content
        assert sha256(content).hexdigest() == data["checksum"]
        assert data["status"] == "local"
    updates = [event["data"] for event in said if event["type"] == "script_update"]
    scripts = {script.sha256: script for script in await there.service.scripts.all(ANNA, begun.id)}
    assert {data["checksum"] for data in updates} == set(scripts)
    for data in updates:
        script = scripts[data["checksum"]]
        if "script_content" in data:
            assert data["script_content"] == script.source
        else:
            asset_id = data["content_url"].rpartition("/")[2]
            content = (await there.service.downloads.asset(ANNA, begun.id, asset_id)).content
            assert content == script.source.encode()
            assert data["size"] == len(content)
    assert any("script_content" in data for data in updates)


async def test_answers_stand_in_no_event(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish(content_id="content_1"))
    said = await there.until(begun.id, "ready")
    answers = next(
        script for script in await there.service.scripts.all(ANNA, begun.id) if script.id == "quiz_answers"
    )
    [update] = [event["data"] for event in said if event["data"].get("checksum") == answers.sha256]
    assert "script_content" not in update


async def test_what_is_not_wanted_is_skipped(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish(features=Features(terrain=False, buildings=False)))
    await there.until(begun.id, "ready")
    assert there.states(begun.id)[0] == ("queued", 0, "skipped skipped pending")
    assert there.states(begun.id)[-1] == ("ready", 100, "skipped skipped complete")
    assert "<svg" in await there.service.downloads.floor_plan(ANNA, begun.id)


@pytest.mark.parametrize("part", ["terrain", "buildings", "scripts"])
async def test_a_component_that_fails_leaves_the_others_and_is_retried_alone(
    there: RunningWorlds, part: str
) -> None:
    there.engine.faults[part] = ContentFailed(BUILD_FAILED, "it rained", retryable=True)
    if part == "buildings":
        there.engine.faults["buildings"] = OSError("no memory")
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "failed")
    world = await there.service.environment(ANNA, begun.id)
    assert world.components[Component(part)] is ComponentState.FAILED
    assert world.error is not None
    assert (world.error.error_code, world.error.component) == (BUILD_FAILED, Component(part))
    assert world.progress < 100
    done = {one for one, state in world.components.items() if state is ComponentState.COMPLETE}
    there.engine.faults.clear()
    there.engine.calls.clear()
    await there.service.builds.retry(ANNA, begun.id)
    await there.until(begun.id, "ready")
    assert part in there.engine.calls
    assert {one.value for one in done}.isdisjoint(there.engine.calls)


async def test_what_can_never_be_built_is_not_retried_but_built_anew(there: RunningWorlds) -> None:
    there.engine.faults["buildings"] = ContentFailed(BUILD_FAILED, "a door leads nowhere", retryable=False)
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "failed")
    with pytest.raises(Conflict, match="a door leads nowhere"):
        await there.service.builds.retry(ANNA, begun.id)
    there.engine.faults.clear()
    await there.service.builds.rebuild(ANNA, begun.id, Rebuild(seed=2))
    await there.until(begun.id, "ready")
    world = await there.service.environment(ANNA, begun.id)
    assert (world.build, world.ready_build, world.wish.seed, world.error) == (2, 2, 2, None)


async def test_a_world_is_built_anew_and_the_former_one_stays_until_then(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    former = await there.service.downloads.file(ANNA, begun.id, "rbxlx")
    there.engine.waits_in = "files"
    await there.service.builds.rebuild(ANNA, begun.id, Rebuild(theme=Theme.SPACE_STATION))
    await there.engine.waiting.wait()
    assert await there.service.downloads.file(ANNA, begun.id, "rbxlx") == former
    with pytest.raises(Conflict):
        await there.service.builds.rebuild(ANNA, begun.id, Rebuild(seed=3))
    there.engine.go.set()
    await there.until(begun.id, "ready")
    assert (await there.service.downloads.file(ANNA, begun.id, "rbxlx")).sha256 != former.sha256
    builds = await there.service.builds.all(ANNA, begun.id)
    assert [(one.number, one.wish.theme) for one in builds] == [
        (2, Theme.SPACE_STATION),
        (1, Theme.CLASSROOM),
    ]


async def test_one_that_is_cancelled_goes_on_with_a_retry(there: RunningWorlds) -> None:
    there.engine.waits_in = "buildings"
    begun = await there.service.build(ANNA, a_wish())
    await there.engine.waiting.wait()
    cancelled = await there.service.cancel(ANNA, begun.id)
    assert cancelled.components[Component.BUILDINGS] is ComponentState.PENDING
    assert (await there.service.cancel(ANNA, begun.id)).status is EnvironmentStatus.CANCELLED
    there.engine.go.set()
    await there.service.builds.retry(ANNA, begun.id)
    await there.until(begun.id, "ready")
    assert there.engine.calls.count("terrain") == 1
    with pytest.raises(Conflict):
        await there.service.cancel(ANNA, begun.id)


async def test_what_a_former_process_left_goes_on(run: Callable[..., Any]) -> None:
    async with run() as first:
        first.engine.waits_in = "scripts"
        begun = await first.service.build(ANNA, a_wish())
        await first.engine.waiting.wait()
    async with run() as second:
        await second.until(begun.id, "ready")
        assert "terrain" not in second.engine.calls
        said = await second.service.events(ANNA, begun.id, after=0, limit=500)
        assert [event.seq for event in said] == list(range(1, len(said) + 1))


async def test_the_same_key_leads_to_the_same_world(there: RunningWorlds) -> None:
    first = await there.service.build(ANNA, a_wish(), idempotency_key="once")
    assert (await there.service.build(ANNA, a_wish(), idempotency_key="once")).id == first.id
    with pytest.raises(Conflict, match=first.id):
        await there.service.build(ANNA, a_wish(seed=2), idempotency_key="once")
    assert (await there.service.build(BEN, a_wish(), idempotency_key="once")).id != first.id


async def test_a_user_has_so_many_at_once(run: Callable[..., Any]) -> None:
    async with run(limits=WorldLimits(active_per_user=1)) as there:
        there.engine.waits_in = "terrain"
        await there.service.build(ANNA, a_wish())
        with pytest.raises(RateLimitExceeded):
            await there.service.build(ANNA, a_wish())
        await there.service.build(BEN, a_wish())


async def test_strangers_know_of_no_world(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    for who in STRANGERS:
        for ask in (there.service.environment, there.service.cancel, there.service.delete):
            with pytest.raises(ResourceNotFound):
                await ask(who, begun.id)
        with pytest.raises(ResourceNotFound):
            await there.service.downloads.file(who, begun.id, "zip")
    with pytest.raises(ResourceNotFound):
        await there.service.build(a_teacher("user_1", "org_2"), a_wish(content_id="content_1"))


async def test_a_link_opens_one_file_for_a_while(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    link = await there.service.downloads.link(ANNA, begun.id, "zip")
    given = dict(one.split("=") for one in link.url.partition("?")[2].split("&"))
    opened = await there.service.downloads.file_by_link(
        begun.id, "zip", expires=int(given["expires"]), signature=given["signature"]
    )
    assert opened == await there.service.downloads.file(ANNA, begun.id, "zip")
    with pytest.raises(InvalidToken):
        await there.service.downloads.file_by_link(
            begun.id, "rbxlx", expires=int(given["expires"]), signature=given["signature"]
        )


async def test_a_script_is_changed_told_and_packed(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    before = len(await there.until(begun.id, "ready"))
    former = await there.service.downloads.file(ANNA, begun.id, "rbxlx")
    scripts = there.service.scripts
    taken = await scripts.edit(ANNA, begun.id, "buildings_check", 'print("hi")\r\n', expected=1)
    assert (taken.script.revision, taken.script.source) == (2, 'print("hi")\n')
    update, *ready = there.told(begun.id)[before:]
    assert update["data"]["script_content"] == 'print("hi")\n'
    assert update["data"]["checksum"] == sha256(b'print("hi")\n').hexdigest()
    assert {event["type"] for event in ready} == {"asset_ready"}
    now = await there.service.downloads.file(ANNA, begun.id, "rbxlx")
    assert now.sha256 != former.sha256
    assert b'print("hi")' in now.content
    assert '+print("hi")' in await scripts.diff(ANNA, begun.id, "buildings_check", before=1, after=None)
    with pytest.raises(PreconditionFailed):
        await scripts.edit(ANNA, begun.id, "buildings_check", "print(1)", expected=1)
    await scripts.restore(ANNA, begun.id, "buildings_check", 1, expected=2)
    assert await there.service.downloads.file(ANNA, begun.id, "rbxlx") == former


@pytest.mark.parametrize(
    ("source", "why"), [("local = 5", "line 1"), ('loadstring("x")()', "runs text as code")]
)
async def test_what_is_no_luau_or_hides_what_it_does_is_refused(
    there: RunningWorlds, source: str, why: str
) -> None:
    begun = await there.service.build(ANNA, a_wish())
    before = len(await there.until(begun.id, "ready"))
    with pytest.raises(ValidationError, match=why) as refused:
        await there.service.scripts.edit(ANNA, begun.id, "buildings_check", source, expected=1)
    assert all(risk["refused"] for risk in refused.value.details["risks"])
    assert len(there.told(begun.id)) == before


async def test_only_a_line_feed_ends_a_line_of_a_diff(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    scripts = there.service.scripts
    await scripts.edit(ANNA, begun.id, "buildings_check", 'print("a\u2028b\x0cc")\nreturn\n', expected=1)
    await scripts.edit(ANNA, begun.id, "buildings_check", "return", expected=2)
    assert await scripts.diff(ANNA, begun.id, "buildings_check", before=2, after=3) == (
        "--- buildings_check r2\n+++ buildings_check r3\n@@ -1,2 +1 @@\n"
        '-print("a\u2028b\x0cc")\n-return\n+return\n\\ No newline at end of file\n'
    )


async def test_a_script_that_the_newest_build_has_not_is_not_changed(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish(content_id="content_1"))
    await there.until(begun.id, "ready")
    there.lessons.now = replace(LESSON, revision=2, questions=())
    await there.service.builds.rebuild(ANNA, begun.id, Rebuild(latest_content=True))
    await there.until(begun.id, "ready")
    with pytest.raises(Conflict, match=r"revision 2 of environment .* has no script quiz_server"):
        await there.service.scripts.edit(ANNA, begun.id, "quiz_server", "return", expected=1)


async def test_two_edits_at_once_stand_both_in_the_files(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    await asyncio.gather(
        there.service.scripts.edit(ANNA, begun.id, "buildings_check", 'print("one")', expected=1),
        there.service.scripts.edit(ANNA, begun.id, "terrain_builder", 'print("two")', expected=1),
    )
    content = (await there.service.downloads.file(ANNA, begun.id, "rbxlx")).content
    assert b'print("one")' in content
    assert b'print("two")' in content


async def test_a_world_goes_with_all_that_is_its_own(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    await there.service.delete(ANNA, begun.id)
    assert await there.store.environment(begun.id) is None
    assert await there.store.scripts(begun.id, 1) == []
    assert await there.store.events(begun.id) == []
    assert await there.jobs.status(begun.job_id) is None
