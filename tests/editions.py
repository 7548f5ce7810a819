"""A content that was generated, as its first edition, for tests of what becomes of it."""

from dataclasses import dataclass
from functools import cache

from content_runs import run, water_request
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.exports.json import read_json
from toolboxai.platform.content.model.quiz import Question
from toolboxai.platform.content.records.revisions import Edition, first_edition


@dataclass(frozen=True)
class Made:
    document: ContentDocument
    edition: Edition
    source: list[str]

    def question(self, part_id: str) -> Question:
        return next(one for one in self.edition.quiz.questions if one.id == part_id)


@cache
def made() -> Made:
    """The water cycle with ten questions."""
    done = run(water_request())
    file = done.package.find("json")
    assert file is not None
    edition = first_edition(done.package, done.lesson, done.quiz, told=done.analysis.warnings, minutes=45)
    return Made(read_json(file.content), edition, [one.text for one in done.analysis.sentences])
