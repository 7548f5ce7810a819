"""Whatever is edited and restored in whatever order: ids are never given twice, and what was not named stays."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from editions import made
from toolboxai.platform.content.records.revisions import Edition
from toolboxai.platform.content.revising.edits import edited

SOURCE = made().source
pick = st.integers(0, 40)
step = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(["sections", "vocabulary", "questions"]), pick),
    st.tuples(st.just("add"), st.sampled_from(["sections", "vocabulary", "questions"]), pick),
    st.tuples(st.just("remove"), st.sampled_from(["sections", "vocabulary", "questions"]), pick),
    st.tuples(st.just("restore"), st.just(""), pick),
)
NEW: dict[str, dict[str, Any]] = {
    "sections": {"title": "More", "duration_minutes": 2, "statements": [{"text": "Talk."}]},
    "vocabulary": {"term": "puddle"},
    "questions": {"type": "short_answer", "question": "What?", "correct_answer": "rain"},
}
CHANGED = {"sections": "title", "vocabulary": "meaning", "questions": "rationale"}


def parts(edition: Edition, name: str) -> dict[str, Any]:
    holder = edition.quiz if name == "questions" else edition.lesson
    found = {one.id: one for one in getattr(holder, name)}
    assert len(found) == len(getattr(holder, name))
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(step, max_size=12))
def test_ids_are_given_once_and_what_is_not_named_stays_byte_for_byte(
    steps: list[tuple[str, str, int]],
) -> None:
    history = [made().edition]
    ever = {name: set(parts(history[0], name)) for name in NEW}
    for number, (what, name, place) in enumerate(steps):
        before = history[-1]
        if what == "restore":
            earlier = history[place % len(history)]
            history.append(msgspec.structs.replace(earlier, numbers=before.numbers.beside(earlier.numbers)))
            assert (history[-1].lesson, history[-1].quiz) == (earlier.lesson, earlier.quiz)
            assert history[-1].numbers == before.numbers
            continue
        there = list(parts(before, name))
        target = there[place % len(there)] if there else None
        if what != "add" and (target is None or (what == "remove" and len(there) == 1)):
            continue
        one: dict[str, Any] = {
            "change": {"id": target, CHANGED[name]: f"word {number}"},
            "add": NEW[name],
            "remove": {"id": target, "removed": True},
        }[what]
        holder = "quiz" if name == "questions" else "lesson"
        after = edited(before, {holder: {name: [one]}}, SOURCE)
        history.append(after)
        for each in NEW:
            now, was = parts(after, each), parts(before, each)
            touched = {target} if each == name and what != "add" else set()
            for part_id in was.keys() - touched:
                assert msgspec.json.encode(now[part_id]) == msgspec.json.encode(was[part_id])
            fresh = now.keys() - was.keys()
            assert len(fresh) == (each == name and what == "add")
            assert fresh.isdisjoint(ever[each])
            ever[each] |= fresh
        assert after.lesson.duration_minutes == sum(one.duration_minutes for one in after.lesson.sections)
