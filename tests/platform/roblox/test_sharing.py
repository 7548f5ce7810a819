"""Who may look at a world: the state and the plan for whom it is shared with, files for those who teach."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_teacher
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.database.shares import DatabaseShareStore
from toolboxai.errors import ResourceNotFound
from toolboxai.legacy.endpoints import called
from toolboxai.legacy.questions import Recall
from toolboxai.platform.identity.model import Role
from toolboxai.platform.resources.model import Share, ShareRole
from toolboxai.platform.roblox.builds import Rebuild
from toolboxai.platform.roblox.run.story import world_story
from world_parts import ANNA, RunningWorlds, a_wish, running_worlds

pytestmark = pytest.mark.timeout(60)

PUPIL = a_teacher("user_pupil", role=Role.STUDENT)
COLLEAGUE = a_teacher("user_colleague")


@pytest.fixture
async def there(database: AsyncEngine, migrated_url: str) -> AsyncIterator[RunningWorlds]:
    async with running_worlds(RunningWorlds(DatabaseEnvironmentStore(database), migrated_url)) as begun:
        yield begun


async def shared(
    database: AsyncEngine, environment_id: str, *user_ids: str, role: ShareRole = ShareRole.VIEWER
) -> None:
    for user_id in user_ids:
        share = Share(f"share_{user_id}", "environment", environment_id, "org_1", user_id, 1.0, role)
        await DatabaseShareStore(database).add(share, most=9)


async def test_a_pupil_sees_a_shared_world_and_no_answers(
    there: RunningWorlds, database: AsyncEngine
) -> None:
    begun = await there.service.build(ANNA, a_wish(content_id="content_1"))
    await there.until(begun.id, "ready")
    await shared(database, begun.id, "user_pupil", "user_colleague")
    assert (await there.service.environment(PUPIL, begun.id)).id == begun.id
    assert "<svg" in await there.service.downloads.floor_plan(PUPIL, begun.id)
    assert "<svg" in await there.service.downloads.section(PUPIL, begun.id)
    with pytest.raises(ResourceNotFound, match="for those who teach"):
        await there.service.downloads.file(PUPIL, begun.id, "rbxlx")
    with pytest.raises(ResourceNotFound):
        await there.service.downloads.asset(PUPIL, begun.id, "script_quiz_answers_r1")
    with pytest.raises(ResourceNotFound):
        await there.service.scripts.all(PUPIL, begun.id)
    told = str([event.data for event in await there.service.events(PUPIL, begun.id, after=0, limit=500)])
    answers = await there.service.scripts.one(ANNA, begun.id, "quiz_answers")
    assert answers.source not in told
    assert answers.sha256 in told


async def test_a_colleague_reads_the_files_and_changes_nothing(
    there: RunningWorlds, database: AsyncEngine
) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    await shared(database, begun.id, "user_colleague")
    assert (await there.service.downloads.file(COLLEAGUE, begun.id, "zip")).content
    with pytest.raises(ResourceNotFound):
        await there.service.scripts.edit(COLLEAGUE, begun.id, "buildings_check", "print(1)", expected=1)
    for change in (there.service.builds.retry, there.service.cancel, there.service.delete):
        with pytest.raises(ResourceNotFound):
            await change(COLLEAGUE, begun.id)
    with pytest.raises(ResourceNotFound):
        await there.service.builds.rebuild(COLLEAGUE, begun.id, Rebuild(seed=2))
    assert await there.service.part_in(COLLEAGUE, begun) == "viewer"


async def test_an_editor_changes_and_rebuilds_and_does_not_delete(
    there: RunningWorlds, database: AsyncEngine
) -> None:
    begun = await there.service.build(ANNA, a_wish())
    await there.until(begun.id, "ready")
    await shared(database, begun.id, "user_colleague", "user_pupil", role=ShareRole.EDITOR)
    assert await there.service.part_in(COLLEAGUE, begun) == "editor"
    taken = await there.service.scripts.edit(COLLEAGUE, begun.id, "buildings_check", "print(1)", expected=1)
    assert taken.script.author_id == COLLEAGUE.user_id
    there.engine.waits_in = "buildings"
    await there.service.builds.rebuild(COLLEAGUE, begun.id, Rebuild(seed=2))
    await there.engine.waiting.wait()
    await there.service.cancel(COLLEAGUE, begun.id)
    there.engine.go.set()
    await there.service.builds.retry(COLLEAGUE, begun.id)
    await there.until(begun.id, "ready")
    [newest, _] = await there.service.builds.all(COLLEAGUE, begun.id)
    assert newest.author_id == COLLEAGUE.user_id
    assert (await there.service.environment(ANNA, begun.id)).owner_id == ANNA.user_id
    with pytest.raises(ResourceNotFound):
        await there.service.delete(COLLEAGUE, begun.id)
    # Who taught once and does no more is an editor no more.
    assert await there.service.part_in(PUPIL, begun) == "viewer"
    with pytest.raises(ResourceNotFound):
        await there.service.cancel(PUPIL, begun.id)


async def test_who_comes_late_to_the_old_socket_is_told_what_happened(there: RunningWorlds) -> None:
    begun = await there.service.build(ANNA, a_wish())
    said = await there.until(begun.id, "ready")
    call = called("/ws/roblox")
    assert call is not None
    whole = await world_story(there.store, Recall(call, begun.id, ANNA))
    assert whole is not None
    assert whole.state == {"status": "ready"}
    assert [seq for seq, _ in whole.events] == [event["seq"] for event in said]
    last = await world_story(there.store, Recall(call, begun.id, ANNA, after=whole.last_seq - 1))
    assert last is not None
    assert [seq for seq, _ in last.events] == [whole.last_seq]
    assert await world_story(there.store, Recall(call, "env_of_the_operator", ANNA)) is None
