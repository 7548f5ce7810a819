"""What is sent with a source: a text, files, and what a lesson of them is to be."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from toolboxai.errors import ValidationError
from toolboxai.platform.content.model.request import USUAL_QUESTION_TYPES, GenerationRequest, Objective
from toolboxai.platform.content.sources.files import MAX_SOURCE_FILES
from toolboxai.platform.roblox.model.spec import Theme
from toolboxai.web.whole_text import whole_text

__all__ = ["FILE_NAME_CHARS", "GenerateBody", "ProposalsBody", "SourceBody", "SourceFileBody"]

FILE_NAME_CHARS = 255  # as much as file systems take


class ObjectiveBody(BaseModel):
    """What pupils shall be able to do."""

    model_config = ConfigDict(extra="forbid")

    title: str
    bloom_level: str | None = None


class SourceFileBody(BaseModel):
    """A file that stands in the JSON."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=FILE_NAME_CHARS)
    content_base64: str
    media_type: str | None = Field(default=None, max_length=FILE_NAME_CHARS)


class SourceBody(BaseModel):
    """A text, files, or both."""

    model_config = ConfigDict(extra="forbid")

    source_text: str = ""
    source_files: list[SourceFileBody] = Field(default_factory=list, max_length=MAX_SOURCE_FILES)

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, value: Any) -> Any:
        if isinstance(value, dict):
            faults = {
                name[:80]: _unknown(name, cls.model_fields) for name in value if name not in cls.model_fields
            }
            # A name of a file is only shown, in its safe form, and its content is read as letters of base64.
            for name in value.keys() - faults.keys() - {"source_files"}:
                try:
                    whole_text(value[name])
                except ValueError as fault:
                    faults[name[:80]] = str(fault)
            if faults:
                told = "; ".join(f"{name}: {text}" for name, text in faults.items())
                raise ValidationError(f"the request does not fit: {told}", details={"fields": faults})
        return value


class ProposalsBody(SourceBody):
    """A text to look through; without a language it is found out."""

    language: str | None = None


class GenerateBody(SourceBody):
    """What the teacher asks for; the limits of each field are checked together, so that all faults come at once."""

    subject: str
    grade_level: str | int
    learning_objectives: list[str | ObjectiveBody] = Field(max_length=100)
    language: str = "en"
    difficulty: str | None = None
    duration_minutes: int = 45
    num_questions: int = 10
    question_types: Annotated[list[str], Field(max_length=100)] = Field(
        default_factory=lambda: list(USUAL_QUESTION_TYPES)
    )
    seed: int = 0
    title: str | None = None
    environment_theme: Theme | None = None

    def request(self, source_text: str, notes: Sequence[str] = ()) -> GenerationRequest:
        """As the service takes it, with the text that is the source, and notes of how it was read."""
        objectives = [
            Objective(objective) if isinstance(objective, str) else Objective(**objective.model_dump())
            for objective in self.learning_objectives
        ]
        fields = self.model_dump(
            exclude={"environment_theme", "learning_objectives", "source_files", "source_text"}
        )
        return GenerationRequest(
            learning_objectives=objectives, source_text=source_text, source_notes=tuple(notes), **fields
        )


def _unknown(name: str, known: Any) -> str:
    near = get_close_matches(name, known, n=1)
    return (
        f"no such field; did you mean {near[0]}?" if near else f"no such field; there are {', '.join(known)}"
    )
