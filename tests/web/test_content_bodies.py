"""What the content routes answer: all of it to who teaches, what stands on the pupil's sheet to everybody else."""

import msgspec

from editions import made
from toolboxai.platform.content.downloads import Content
from toolboxai.platform.content.records.sessions import Session, Status
from toolboxai.web.content_bodies import content_answer


def test_notes_for_the_teacher_may_quote_an_answer_and_are_not_told_to_pupils() -> None:
    session = Session(
        id="gen_1",
        content_id="content_1",
        organization_id="org_1",
        owner_id="user_1",
        subject="Science",
        title="Water",
        status=Status.COMPLETE,
        stage=None,
        percent=100,
        error=None,
        attempt=1,
        last_seq=1,
        announced_seq=1,
        created_at=0.0,
        updated_at=0.0,
        finished_at=0.0,
    )
    edition = msgspec.structs.replace(made().edition, warnings=("Question 1: 'rain' is not in the text.",))
    taught = content_answer(Content(session, 1, edition, (), open=True, role="viewer"), "/there")
    assert (len(taught.warnings), len(taught.coverage)) == (1, len(edition.coverage))
    assert "correct_answer" in taught.quiz["questions"][0]
    learnt = content_answer(Content(session, 1, edition, (), open=False, role="viewer"), "/there")
    assert (learnt.warnings, learnt.coverage) == ([], [])
    assert "correct_answer" not in learnt.quiz["questions"][0]
