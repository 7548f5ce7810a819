"""Content in the database, on SQLite and on Postgres."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_request, a_session
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.engine import open_engine
from toolboxai.platform.content.model.package import Audience, ContentFile
from toolboxai.platform.content.records.revisions import NewRevision, RevisionFacts, RevisionKind
from toolboxai.platform.content.records.sessions import (
    Change,
    EventType,
    SessionError,
    Stage,
    Status,
)
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.runs.events import Draft
from toolboxai.platform.runs.records import Superseded, TooManyActive

NOW = 1_780_000_100.0


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseContentStore:
    return DatabaseContentStore(database)


def progress(percent: int) -> Draft:
    return Draft(EventType.PROGRESS_UPDATE, {"progress_percent": percent, "message": "läuft ✓ \x00"})


async def test_a_new_session_waits_and_has_no_events(store: DatabaseContentStore) -> None:
    creation = await store.create(a_session(), active_limit=5)
    assert creation is not None
    assert creation.fresh
    session = await store.session("gen_1")
    assert session == creation.session
    assert (session.status, session.percent, session.attempt, session.last_seq) == (Status.QUEUED, 0, 1, 0)
    assert session == await store.session_of_content("content_1")
    assert await store.events("gen_1") == []


async def test_the_request_comes_back_equal(store: DatabaseContentStore) -> None:
    request = a_request(source_text="Wörter, \x00 und 水。", title="Τίτλος", seed=7)
    await store.create(a_session(request=request), active_limit=5)
    assert await store.request("gen_1") == request


async def test_what_is_not_there_is_none_or_said(store: DatabaseContentStore) -> None:
    assert await store.session("gen_x") is None
    assert await store.session_of_content("content_x") is None
    assert await store.artefact("gen_x", Stage.QUIZ) is None
    assert await store.file("content_x", "md", "teacher") is None
    assert await store.ownership("content_session", "gen_x") is None
    with pytest.raises(LookupError):
        await store.request("gen_x")
    with pytest.raises(LookupError):
        await store.record("gen_x", Change(attempt=1, at=NOW))


async def test_the_same_key_of_the_same_owner_finds_the_first_session(store: DatabaseContentStore) -> None:
    await store.create(a_session(1, idempotency_key="k"), active_limit=5)
    again = await store.create(a_session(2, idempotency_key="k"), active_limit=5)
    other = await store.create(a_session(3, idempotency_key="k", request=a_request(seed=9)), active_limit=5)
    someone = await store.create(a_session(4, idempotency_key="k", owner_id="user_2"), active_limit=5)
    assert again is not None
    assert other is not None
    assert someone is not None
    assert (again.session.id, again.fresh, again.same_request) == ("gen_1", False, True)
    assert (other.session.id, other.fresh, other.same_request) == ("gen_1", False, False)
    assert (someone.session.id, someone.fresh) == ("gen_4", True)


async def test_the_same_key_at_the_same_time_makes_one_session(store: DatabaseContentStore) -> None:
    creations = await asyncio.gather(
        *(store.create(a_session(number, idempotency_key="k"), active_limit=5) for number in range(5))
    )
    assert len({creation.session.id for creation in creations if creation is not None}) == 1
    assert sum(creation.fresh for creation in creations if creation is not None) == 1


async def test_those_that_come_at_the_same_time_do_not_pass_the_limit_together(
    store: DatabaseContentStore,
) -> None:
    creations = await asyncio.gather(
        *(store.create(a_session(number), active_limit=3) for number in range(12)),
        *(store.create(a_session(number, owner_id="user_2"), active_limit=3) for number in range(12, 16)),
    )
    assert sum(creation is not None for creation in creations[:12]) == 3
    assert sum(creation is not None for creation in creations[12:]) == 3


async def test_an_owner_has_so_many_active_sessions_and_a_key_still_finds_its_own(
    store: DatabaseContentStore,
) -> None:
    for number in (1, 2):
        await store.create(a_session(number, idempotency_key=f"k{number}"), active_limit=2)
    assert await store.create(a_session(3), active_limit=2) is None
    assert await store.session("gen_3") is None
    known = await store.create(a_session(4, idempotency_key="k1"), active_limit=2)
    assert known is not None
    assert known.session.id == "gen_1"
    assert await store.create(a_session(5, owner_id="user_2"), active_limit=2) is not None
    await store.record("gen_1", Change(attempt=1, at=NOW, status=Status.COMPLETE))
    assert await store.create(a_session(6), active_limit=2) is not None


async def test_events_are_numbered_from_one_without_gaps(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    first = await store.record("gen_1", Change(attempt=1, at=NOW, events=(progress(1), progress(2))))
    second = await store.record("gen_1", Change(attempt=1, at=NOW + 1.5, events=(progress(3),)))
    assert [event.seq for event in (*first, *second)] == [1, 2, 3]
    assert await store.events("gen_1") == [*first, *second]
    assert await store.events("gen_1", after=1, limit=1) == [first[1]]
    assert await store.events("gen_1", after=2**53) == []
    assert second[0].timestamp == "2026-05-28T20:28:21.500Z"


async def test_writers_at_the_same_time_share_no_number(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    await asyncio.gather(
        *(
            store.record("gen_1", Change(attempt=1, at=NOW, events=(progress(n), progress(n))))
            for n in range(10)
        )
    )
    events = await store.events("gen_1")
    assert [event.seq for event in events] == list(range(1, 21))
    percents = [event.data["progress_percent"] for event in events]
    assert percents[::2] == percents[1::2]  # the two of one change stand side by side


async def test_time_and_percent_never_go_back(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    late = await store.record("gen_1", Change(attempt=1, at=NOW, percent=40, events=(progress(40),)))
    early = await store.record("gen_1", Change(attempt=1, at=NOW - 60, percent=10, events=(progress(10),)))
    assert early[0].timestamp == late[0].timestamp
    session = await store.session("gen_1")
    assert session is not None
    assert (session.percent, session.updated_at) == (40, NOW)


async def test_a_change_is_all_or_nothing(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    change = Change(attempt=1, at=NOW, stage=Stage.ANALYSIS, artefact=b"{}", events=(progress(25),))
    await store.record("gen_1", change)
    with pytest.raises(Exception, match=r"UNIQUE|duplicate"):
        await store.record("gen_1", change)  # the stage's result is there already
    assert [event.seq for event in await store.events("gen_1")] == [1]
    session = await store.session("gen_1")
    assert session is not None
    assert session.last_seq == 1
    assert await store.artefact("gen_1", Stage.ANALYSIS) == b"{}"


async def test_a_session_that_is_over_takes_no_change(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    error = SessionError("GENERATION_FAILED", "no luck", Stage.QUIZ, retry_possible=True)
    await store.record("gen_1", Change(attempt=1, at=NOW, status=Status.FAILED, error=error))
    with pytest.raises(Superseded):
        await store.record("gen_1", Change(attempt=1, at=NOW, events=(progress(50),)))
    assert await store.events("gen_1") == []
    session = await store.session("gen_1")
    assert session is not None
    assert (session.status, session.error, session.finished_at) == (Status.FAILED, error, NOW)


async def test_of_several_ends_at_the_same_time_one_counts(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    over = Change(attempt=1, at=NOW, status=Status.COMPLETE, events=(progress(100),))
    ends = await asyncio.gather(*(store.record("gen_1", over) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(end, Superseded) for end in ends) == 4
    assert len(await store.events("gen_1")) == 1


async def test_a_retry_shuts_the_former_attempt_out(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    error = SessionError("GENERATION_CANCELLED", "stop", Stage.QUIZ, retry_possible=True)
    await store.record("gen_1", Change(attempt=1, at=NOW, status=Status.CANCELLED, error=error))
    retry = Change(
        attempt=1,
        expected=frozenset({Status.CANCELLED}),
        at=NOW,
        status=Status.QUEUED,
        clear_error=True,
        retry=True,
    )
    await store.record("gen_1", retry)
    session = await store.session("gen_1")
    assert session is not None
    assert (session.attempt, session.error, session.finished_at) == (2, None, None)
    with pytest.raises(Superseded):
        await store.record("gen_1", Change(attempt=1, at=NOW, events=(progress(50),)))


async def test_retries_at_the_same_time_do_not_pass_the_limit_together(store: DatabaseContentStore) -> None:
    sessions = [f"gen_{number}" for number in range(6)]
    for number, session_id in enumerate(sessions):
        await store.create(a_session(number), active_limit=5)
        await store.record(session_id, Change(attempt=1, at=NOW, status=Status.CANCELLED))
    await store.create(a_session(6), active_limit=3)
    retry = Change(
        attempt=1,
        expected=frozenset({Status.CANCELLED}),
        at=NOW,
        status=Status.QUEUED,
        retry=True,
        active_limit=3,
    )
    retried = await asyncio.gather(
        *(store.record(session_id, retry) for session_id in sessions), return_exceptions=True
    )
    assert sum(isinstance(one, TooManyActive) for one in retried) == 4
    assert len(await store.unfinished()) == 3
    refused = await store.session(sessions[[isinstance(one, TooManyActive) for one in retried].index(True)])
    assert refused is not None
    assert (refused.status, refused.attempt) == (Status.CANCELLED, 1)


async def test_how_far_the_telling_came_never_goes_back(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    await store.record("gen_1", Change(attempt=1, at=NOW, announced=3))
    await store.record("gen_1", Change(attempt=1, at=NOW, announced=0))
    await store.announced("gen_1", 2)
    session = await store.session("gen_1")
    assert session is not None
    assert session.announced_seq == 3
    await store.announced("gen_1", 4)
    session = await store.session("gen_1")
    assert session is not None
    assert session.announced_seq == 4


async def test_files_are_listed_without_and_fetched_with_their_bytes(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    key = ContentFile("water-key.md", "md", Audience.TEACHER, "text/markdown", b"# \x00\xff", "a" * 64)
    sheet = ContentFile("water.md", "md", Audience.STUDENT, "text/markdown", b"", "b" * 64)
    await store.record("gen_1", Change(attempt=1, at=NOW, files=(key, sheet)))
    assert [(facts.audience, facts.size) for facts in await store.files("content_1")] == [
        ("student", 0),
        ("teacher", 4),
    ]
    assert await store.file("content_1", "md", "teacher") == key
    assert await store.file("content_1", "html", "teacher") is None


async def test_an_owner_sees_only_their_own_newest_first_page_by_page(store: DatabaseContentStore) -> None:
    for number in range(1, 6):
        await store.create(a_session(number, at=NOW + number // 2), active_limit=9)
    await store.create(a_session(6, owner_id="user_2"), active_limit=9)
    await store.create(a_session(7, organization_id="org_2"), active_limit=9)
    await store.record("gen_2", Change(attempt=1, at=NOW, status=Status.COMPLETE))
    seen: list[str] = []
    before = None
    while page := await store.sessions(organization_id="org_1", owner_id="user_1", limit=2, before=before):
        seen.extend(session.id for session in page)
        before = (page[-1].created_at, page[-1].id)
    assert seen == ["gen_5", "gen_4", "gen_3", "gen_2", "gen_1"]
    complete = await store.sessions(
        organization_id="org_1", owner_id="user_1", limit=9, status=Status.COMPLETE
    )
    assert [session.id for session in complete] == ["gen_2"]


async def test_after_a_start_the_unfinished_and_the_lately_finished_are_found(
    store: DatabaseContentStore,
) -> None:
    for number in range(1, 5):
        await store.create(a_session(number), active_limit=9)
    await store.record("gen_1", Change(attempt=1, at=NOW, status=Status.RUNNING))
    await store.record("gen_2", Change(attempt=1, at=NOW, status=Status.COMPLETE))
    await store.record("gen_3", Change(attempt=1, at=NOW + 90, status=Status.FAILED))
    assert [session.id for session in await store.unfinished()] == ["gen_1", "gen_4"]
    assert [session.id for session in await store.finished_since(NOW + 60)] == ["gen_3"]


async def test_the_owner_is_known_for_content_sessions_alone(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    assert await store.ownership("content_session", "gen_1") == Ownership("org_1", "user_1")
    assert await store.ownership("plugin", "gen_1") is None


async def test_what_was_written_is_there_for_the_next_process(migrated_url: str) -> None:
    async with open_engine(migrated_url) as engine:
        store = DatabaseContentStore(engine)
        await store.create(a_session(), active_limit=5)
        events = await store.record("gen_1", Change(attempt=1, at=NOW, events=(progress(5),)))
    async with open_engine(migrated_url) as engine:
        assert await DatabaseContentStore(engine).events("gen_1") == events


def a_revision(expected: int, **changes: Any) -> NewRevision:
    values: dict[str, Any] = {
        "content_id": "content_1",
        "expected": expected,
        "kind": RevisionKind.EDITED,
        "title": f"Title {expected + 1}",
        "note": "q1 changed",
        "author_id": "user_1",
        "at": NOW + expected,
        "document": f'{{"number": {expected + 1}}}'.encode(),
    }
    return NewRevision(**{**values, **changes})


async def test_a_revision_follows_the_newest_one_and_gives_its_title_to_the_session(
    store: DatabaseContentStore,
) -> None:
    await store.create(a_session(), active_limit=5)
    assert await store.add_revision(a_revision(1))
    assert await store.add_revision(a_revision(2, kind=RevisionKind.RESTORED, note="läuft ✓"))
    session = await store.session("gen_1")
    assert session is not None
    assert (session.revision, session.title) == (3, "Title 3")
    assert await store.revision("content_1", 3) == b'{"number": 3}'
    assert await store.revision("content_1", 1) is None  # it stands in what the stages made
    newest, older = await store.revisions("content_1", limit=9)
    assert newest == RevisionFacts(
        number=3,
        kind=RevisionKind.RESTORED,
        title="Title 3",
        note="läuft ✓",
        author_id="user_1",
        at=NOW + 2,
    )
    assert await store.revisions("content_1", limit=9, before=3) == [older]
    assert await store.revisions("content_1", limit=1) == [newest]
    for stale in (1, 2, 4):
        assert not await store.add_revision(a_revision(stale))
    assert not await store.add_revision(a_revision(1, content_id="content_x"))
    assert await store.session("gen_1") == session


async def test_of_several_revisions_at_the_same_time_one_is_kept(store: DatabaseContentStore) -> None:
    await store.create(a_session(), active_limit=5)
    tried = await asyncio.gather(*(store.add_revision(a_revision(1, title=f"T{n}")) for n in range(5)))
    assert sum(tried) == 1
    [kept] = await store.revisions("content_1", limit=9)
    session = await store.session("gen_1")
    assert session is not None
    assert (session.title, session.revision) == (kept.title, 2) == (f"T{tried.index(True)}", 2)


async def test_a_key_makes_one_revision_of_a_content(store: DatabaseContentStore) -> None:
    for number in (1, 2):
        await store.create(a_session(number), active_limit=5)
    assert await store.revision_of_key("content_1", "k") is None
    assert await store.add_revision(a_revision(1, idempotency_key="k", request_sha256="abc"))
    assert await store.revision_of_key("content_1", "k") == (2, "abc")
    assert not await store.add_revision(a_revision(2, idempotency_key="k"))
    session = await store.session("gen_1")
    assert session is not None
    assert session.revision == 2  # all or nothing
    assert await store.add_revision(a_revision(1, content_id="content_2", idempotency_key="k"))


async def test_files_belong_to_a_revision_and_those_in_between_are_forgotten(
    store: DatabaseContentStore,
) -> None:
    await store.create(a_session(), active_limit=5)
    first = ContentFile("w.md", "md", Audience.TEACHER, "text/markdown", b"1", "a" * 64)
    await store.record("gen_1", Change(attempt=1, at=NOW, files=(first,)))
    await store.add_revision(a_revision(1))
    second = ContentFile("w.md", "md", Audience.TEACHER, "text/markdown", b"two", "b" * 64, ("Left out ✓",))
    other = ContentFile("w.md", "md", Audience.TEACHER, "text/markdown", b"other", "c" * 64)
    await store.keep_file("content_1", 2, second)
    await store.keep_file("content_1", 2, other)
    assert await store.file("content_1", "md", "teacher", 2) == second
    assert [(facts.size, facts.notes) for facts in await store.files("content_1", 2)] == [
        (3, ("Left out ✓",))
    ]
    assert await store.file("content_1", "md", "teacher") == first
    await store.add_revision(a_revision(2))
    assert await store.files("content_1", 2) == await store.files("content_1", 3) == []
    assert await store.file("content_1", "md", "teacher", 1) == first


async def test_so_many_of_the_newest_revisions_are_kept(
    store: DatabaseContentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolboxai.adapters.database.content_revisions.KEPT", 3)
    await store.create(a_session(), active_limit=5)
    for number in range(1, 6):
        assert await store.add_revision(a_revision(number))
    assert [facts.number for facts in await store.revisions("content_1", limit=9)] == [6, 5, 4]
    assert await store.revision("content_1", 3) is None
