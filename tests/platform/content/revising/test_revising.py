"""Revisions of a content, with the real engine and database: kept, refused, made anew, restored."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Listener, a_request, a_session, a_teacher
from content_runs import water_request
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.shares import DatabaseShareStore
from toolboxai.errors import (
    Conflict,
    InsufficientPermissions,
    PreconditionFailed,
    ResourceNotFound,
    ValidationError,
)
from toolboxai.platform.content.downloads import Content, Downloads
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.json import read_json
from toolboxai.platform.content.model.package import Audience, ContentFile
from toolboxai.platform.content.records.editions import Editions
from toolboxai.platform.content.records.sessions import STAGES, NewSession
from toolboxai.platform.content.revising.anew import Part
from toolboxai.platform.content.revising.changes import Revising
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.content.run.events import SessionNames
from toolboxai.platform.content.run.pipeline import Pipeline
from toolboxai.platform.content.samples import sample_text
from toolboxai.platform.identity.model import Role
from toolboxai.platform.resources.model import Share
from toolboxai.platform.runs.events import PublicCompat
from toolboxai.platform.runs.ledger import Ledger
from toolboxai.testing.clock import ManualClock

ANNA = a_teacher()
CONTENT = "content_1"


class CountingEngine(OfflineEngine):
    """The offline engine, which counts the files that it writes."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str]] = []

    def render(self, document: ContentDocument, format: str, audience: Audience) -> ContentFile:
        self.written.append((format, audience.value))
        return super().render(document, format, audience)


@dataclass
class Desk:
    """All that a teacher needs to change a content."""

    store: DatabaseContentStore
    downloads: Downloads
    revising: Revising
    engine: CountingEngine

    async def edit(self, expected: int, **given: Any) -> Content:
        return await self.revising.edit(ANNA, CONTENT, given, expected=expected)

    async def now(self) -> Content:
        return await self.downloads.content(ANNA, CONTENT)

    async def text(self, format: str = "md", **which: Any) -> str:
        file = await self.downloads.file(ANNA, CONTENT, format=format, audience=Audience.TEACHER, **which)
        return file.content.decode()


async def generated(
    store: DatabaseContentStore, engine: OfflineEngine, clock: ManualClock, new: NewSession
) -> None:
    ledger = Ledger(store, Listener(), SessionNames(PublicCompat.SAFE))
    pipeline = Pipeline(store, ledger, engine, clock)
    await store.create(new, active_limit=5)
    for stage in STAGES:
        await pipeline.run_stage(stage, new.id)
    await pipeline.close()


@pytest.fixture
async def desk(database: AsyncEngine, clock: ManualClock) -> AsyncIterator[Desk]:
    store, engine = DatabaseContentStore(database), CountingEngine()
    await generated(store, engine, clock, a_session(request=a_request(num_questions=4)))
    calls, editions = EngineCalls(engine), Editions(store)
    downloads = Downloads(store, editions, calls, clock, lambda: [b"k" * 32])
    yield Desk(store, downloads, Revising(store, editions, downloads, calls, clock), engine)
    await calls.close()


async def test_an_edit_is_a_revision_and_every_later_download_has_it(desk: Desk) -> None:
    assert (await desk.now()).number == 1
    after = await desk.edit(
        1, title="Rain", quiz={"questions": [{"id": "q1", "rationale": "Because we say so."}]}
    )
    assert (after.number, after.edition.title) == (2, "Rain")
    assert await desk.now() == after
    for format in ("md", "html"):
        assert "Because we say so." in await desk.text(format)
        assert "Because we say so." not in await desk.text(format, revision=1)
    document = read_json((await desk.text("json")).encode())
    assert (document.lesson, document.quiz) == (after.edition.lesson, after.edition.quiz)
    session = await desk.store.session("gen_1")
    assert session is not None
    assert session.title == "Rain"


async def test_a_file_of_an_edit_is_written_when_it_is_asked_for_and_then_kept(desk: Desk) -> None:
    await desk.edit(1, title="Rain")
    before = next(
        file for file in (await desk.now()).files if (file.format, file.audience) == ("md", "teacher")
    )
    assert (before.name, before.size, before.sha256) == ("rain-teacher.md", None, None)
    texts = await asyncio.gather(*(desk.text() for _ in range(4)))
    assert len(set(texts)) == 1
    assert desk.engine.written == [("md", "teacher")]
    after = next(
        file for file in (await desk.now()).files if (file.format, file.audience) == ("md", "teacher")
    )
    assert after.size == len(texts[0].encode())
    assert (after.name, len(after.sha256 or "")) == (before.name, 64)


async def test_of_two_tabs_one_saves_and_the_other_is_told_which_revision_there_is(desk: Desk) -> None:
    tabs = await asyncio.gather(desk.edit(1, title="One"), desk.edit(1, title="Two"), return_exceptions=True)
    [refused] = [tab for tab in tabs if isinstance(tab, BaseException)]
    assert isinstance(refused, PreconditionFailed)
    assert refused.details == {"revision": 2, "etag": '"r2"'}
    assert (await desk.now()).number == 2
    with pytest.raises(PreconditionFailed):
        await desk.edit(3, title="Ahead")


async def test_an_edit_with_a_fault_saves_nothing(desk: Desk) -> None:
    with pytest.raises(ValidationError):
        await desk.edit(1, title="Rain", quiz={"questions": [{"id": "q99"}]})
    assert (await desk.now()).number == 1
    assert await desk.edit(1) == await desk.now()  # and one that changes nothing makes no revision


async def test_the_same_key_leads_to_the_same_revision(desk: Desk) -> None:
    given = {"title": "Rain"}

    async def tried(given: dict[str, Any], key: str = "k") -> int:
        made = await desk.revising.edit(ANNA, CONTENT, given, expected=1, idempotency_key=key)
        return made.number

    assert await asyncio.gather(*(tried(given) for _ in range(3))) == [2, 2, 2]
    with pytest.raises(Conflict, match="another change"):
        await tried({"title": "Snow"})
    with pytest.raises(PreconditionFailed):
        await tried(given, "other")


async def test_a_restored_revision_is_a_new_one_that_is_equal(desk: Desk) -> None:
    first = (await desk.now()).edition
    await desk.edit(1, quiz={"questions": [{"id": "q1", "removed": True}]})
    new = {"type": "short_answer", "question": "What?", "correct_answer": "rain"}
    added = await desk.edit(2, quiz={"questions": [new]})
    restored = await desk.revising.restore(ANNA, CONTENT, 1, expected=3)
    assert restored.number == 4
    assert msgspec.structs.replace(restored.edition, numbers=first.numbers) == first
    again = await desk.edit(4, quiz={"questions": [new]})
    assert again.edition.quiz.questions[-1].id not in {one.id for one in added.edition.quiz.questions}
    told = await desk.revising.revisions(ANNA, CONTENT, limit=9)
    assert [(one.number, one.kind, one.note) for one in told] == [
        (5, "edited", f"{again.edition.quiz.questions[-1].id} added"),
        (4, "restored", "revision 1 again"),
        (3, "edited", f"{added.edition.quiz.questions[-1].id} added"),
        (2, "edited", "q1 removed"),
        (1, "generated", "as it was made"),
    ]
    assert [one.number for one in await desk.revising.revisions(ANNA, CONTENT, limit=2, before=3)] == [2, 1]
    assert (await desk.revising.restore(ANNA, CONTENT, 5, expected=5)).number == 5
    with pytest.raises(ResourceNotFound, match="newest is 5"):
        await desk.revising.restore(ANNA, CONTENT, 6, expected=5)
    assert (await desk.revising.revision(ANNA, CONTENT, 1)).edition == first


async def test_a_question_made_anew_repeats_none_and_leaves_edited_ones_as_they_are(desk: Desk) -> None:
    edited = await desk.edit(1, quiz={"questions": [{"id": "q2", "rationale": "By hand."}]})
    after = await desk.revising.another(ANNA, CONTENT, Part.QUESTION, "q1", expected=2, seed=7)
    old, new = edited.edition.quiz.questions, after.edition.quiz.questions
    assert msgspec.json.encode(new[1:]) == msgspec.json.encode(old[1:])
    assert after.edition.lesson == edited.edition.lesson
    assert new[0].id == f"q{len(old) + 1}"
    assert new[0].source_sentence not in {one.source_sentence for one in old[1:]}
    assert new[0].question != old[0].question
    assert (await desk.text()).count("By hand.") == 1


async def test_when_the_text_carries_no_other_question_it_is_said(desk: Desk) -> None:
    """Each question that is made stays, as a copy that the teacher writes, so that the text is used up."""

    async def use_up() -> None:
        for number in range(1, 81, 2):
            first, *others = (await desk.now()).edition.quiz.questions
            await desk.edit(number, quiz={"questions": [_sent(first)]})
            made = await desk.revising.another(ANNA, CONTENT, Part.QUESTION, first.id, expected=number + 1)
            new = made.edition.quiz.questions[0]
            assert new.source_sentence not in {one.source_sentence for one in (first, *others)}

    with pytest.raises(Conflict, match="no other q"):
        await use_up()
    assert (await desk.now()).number > 3


def _sent(question: Any) -> dict[str, Any]:
    """A question as a new one that a teacher writes."""
    names = (
        "type",
        "question",
        "options",
        "correct_answer",
        "rationale",
        "source_sentence",
        "prompts",
        "accepted",
    )
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(question))
    return {name: plain[name] for name in names}


async def test_a_section_made_anew_has_other_sentences_and_leaves_the_rest_as_it_is(
    desk: Desk, clock: ManualClock
) -> None:
    await generated(desk.store, desk.engine, clock, a_session(2, request=water_request(num_questions=3)))
    given = {"lesson": {"sections": [{"id": "s1", "title": "Begin"}]}}
    before = (await desk.revising.edit(ANNA, "content_2", given, expected=1)).edition
    section = next(one for one in before.lesson.sections if one.kind == "explanation")
    made = await desk.revising.another(ANNA, "content_2", Part.SECTION, section.id, expected=2, seed=3)
    after = made.edition
    for new, old in zip(after.lesson.sections, before.lesson.sections, strict=True):
        if old.id != section.id:
            assert msgspec.json.encode(new) == msgspec.json.encode(old)
            continue
        assert (new.title, new.duration_minutes) == (old.title, old.duration_minutes)
        quotes = {one.text for one in new.statements if one.sentence is not None}
        assert quotes - {one.text for one in old.statements}
        assert all(quote in " ".join(sample_text().split()) for quote in quotes)
    assert after.quiz == before.quiz
    last = after.lesson.sections[-1]
    with pytest.raises(Conflict, match=f"no other {last.id}"):
        await desk.revising.another(ANNA, "content_2", Part.SECTION, last.id, expected=3)
    with pytest.raises(ResourceNotFound, match="there are s1"):
        await desk.revising.another(ANNA, "content_2", Part.SECTION, "s99", expected=3)


async def test_only_the_owner_changes_and_only_who_teaches_looks_back(
    desk: Desk, database: AsyncEngine
) -> None:
    shares = DatabaseShareStore(database)
    for number, user_id in enumerate(("user_sam", "user_ben")):
        share = Share(f"share_{number}", "content_session", "gen_1", "org_1", user_id, 1.0)
        await shares.add(share, most=9)
    await desk.edit(1, title="Rain")
    ben, sam = a_teacher("user_ben"), a_teacher("user_sam", role=Role.STUDENT)
    assert (await desk.downloads.content(ben, CONTENT)).edition.title == "Rain"
    assert len(await desk.revising.revisions(ben, CONTENT, limit=9)) == 2
    with pytest.raises(InsufficientPermissions):
        await desk.revising.revisions(sam, CONTENT, limit=9)
    with pytest.raises(ResourceNotFound):
        await desk.downloads.file(sam, CONTENT, format="md", audience=Audience.STUDENT, revision=1)
    assert not (await desk.downloads.content(sam, CONTENT)).open
    for stranger in (ben, sam, a_teacher("user_eve"), a_teacher("user_1", "org_2")):
        with pytest.raises(ResourceNotFound):
            await desk.revising.edit(stranger, CONTENT, {"title": "Mine"}, expected=2)
        with pytest.raises(ResourceNotFound):
            await desk.revising.restore(stranger, CONTENT, 1, expected=2)


async def test_a_link_leads_to_the_newest_revision_unless_it_names_one(desk: Desk) -> None:
    await desk.edit(1, title="Rain")
    link = await desk.downloads.link(ANNA, CONTENT, format="md", audience=Audience.TEACHER)
    fixed = await desk.downloads.link(ANNA, CONTENT, format="md", audience=Audience.TEACHER, revision=1)
    await desk.edit(2, title="Snow")

    async def title(url: str) -> str:
        query = dict(part.split("=") for part in url.partition("?")[2].split("&"))
        revision = query.get("revision")
        file = await desk.downloads.file_by_link(
            CONTENT,
            format=query["format"],
            audience=Audience(query["sheet"]),
            expires=int(query["expires"]),
            signature=query["signature"],
            revision=None if revision is None else int(revision),
        )
        return file.name

    assert await title(link.url) == "snow-teacher.md"
    assert "revision=1" in fixed.url
    assert await title(fixed.url) != "snow-teacher.md"
