"""The messages of a content generation."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from toolboxai.legacy.endpoints import EndpointName
from toolboxai.platform.content.model.request import Difficulty, QuestionType
from toolboxai.platform.content.records.sessions import Stage, next_stage
from toolboxai.platform.messages.message import (
    GENERATION_CHANNELS,
    ContentId,
    Count,
    Data,
    EnvironmentId,
    FromClient,
    Instant,
    Message,
    MessageType,
    Percent,
    Sender,
    SessionId,
)

__all__ = [
    "GENERATION_MESSAGES",
    "STAGE_RESULTS",
    "AnalysisResults",
    "ContentDelta",
    "ContentDeltaData",
    "GenerationCancel",
    "GenerationComplete",
    "GenerationCompleteData",
    "GenerationSummary",
    "LessonResults",
    "PackagingResults",
    "ProgressUpdate",
    "ProgressUpdateData",
    "QuizResults",
    "StageComplete",
    "StageCompleteData",
]


_Place = Annotated[int, Meta(ge=1)]


class ProgressUpdateData(Data):
    """Work goes on."""

    session_id: SessionId
    stage: Annotated[Stage, Meta(description="the one that runs")]
    progress_percent: Annotated[Percent, Meta(description="of the whole, in percent; never falls")]
    message: Annotated[str, Meta(max_length=500, description="what is being done")]
    estimated_completion: Annotated[Instant | None, Meta(description="null while there is nothing to go by")]
    queue_position: Annotated[
        _Place | UnsetType, Meta(description="while the session waits for its turn: 1 is the next")
    ] = UNSET


class ProgressUpdate(Message, tag="progress_update"):
    """Once to five times a second while it runs; while it waits, when its place in line changes."""

    data: ProgressUpdateData


class AnalysisResults(Data):
    """What `content_analysis` found."""

    concepts_identified: Annotated[Count, Meta(description="key terms and named things")]
    difficulty_level: Annotated[Difficulty, Meta(description="measured against the grade")]
    sentences: Count | UnsetType = UNSET
    words: Annotated[Count | UnsetType, Meta(description="of the prose")] = UNSET
    definitions: Count | UnsetType = UNSET
    reading_grade: Annotated[float | UnsetType, Meta(description="in US school years")] = UNSET
    warnings: Count | UnsetType = UNSET


class LessonResults(Data):
    """What `lesson_generation` made."""

    sections: Count
    duration_minutes: Annotated[Count, Meta(description="the sum of the sections', in minutes")]
    vocabulary: Annotated[Count, Meta(description="entries")]
    warnings: Count


class QuizResults(Data):
    """What `quiz_generation` made."""

    questions: Count
    requested: Annotated[
        Count, Meta(description="how many were asked for; fewer come when the text carries no more")
    ]
    by_type: Annotated[dict[QuestionType, Count], Meta(description="questions of each type")]
    warnings: Count


class PackagingResults(Data):
    """What `packaging` made."""

    files: Count
    bytes: Annotated[Count, Meta(description="of all files together")]
    warnings: Count


STAGE_RESULTS: Final[Mapping[Stage, type[Data]]] = {
    Stage.ANALYSIS: AnalysisResults,
    Stage.LESSON: LessonResults,
    Stage.QUIZ: QuizResults,
    Stage.PACKAGING: PackagingResults,
}


class ContentDeltaData(Data):
    """Words while they are being written."""

    session_id: SessionId
    stage: Annotated[Stage, Meta(description="the one that writes")]
    text: Annotated[str, Meta(description="the next piece")]
    offset: Annotated[
        Count, Meta(description="characters that stood before it; 0 when the writing begins anew")
    ]


class ContentDelta(Message, tag="content_delta"):
    """At most twenty times a second, without `seq`; kept nowhere."""

    data: ContentDeltaData


class StageCompleteData(Data):
    """A stage has ended."""

    session_id: SessionId
    completed_stage: Stage
    next_stage: Annotated[Stage | None, Meta(description="null after the last")]
    stage_results: Annotated[
        dict[str, Any],
        Meta(
            description="counted, by stage",
            extra_json_schema={
                "anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in STAGE_RESULTS.values()]
            },
        ),
    ]

    def __post_init__(self) -> None:
        following = next_stage(self.completed_stage)
        if self.next_stage is not following:
            raise ValueError(f"after {self.completed_stage} comes {following}, not {self.next_stage}")
        try:
            msgspec.convert(self.stage_results, STAGE_RESULTS[self.completed_stage])
        except msgspec.ValidationError as fault:
            raise ValueError(f"stage_results of {self.completed_stage}: {fault}") from None


class StageComplete(Message, tag="stage_complete"):
    """Once for each stage, in their order."""

    data: StageCompleteData


class GenerationSummary(Data):
    """What stands in the files."""

    lesson_sections: Count
    quiz_questions: Count
    duration_minutes: Annotated[Count, Meta(description="of the lesson, in minutes")]


class GenerationCompleteData(Data):
    """All is there."""

    session_id: SessionId
    content_id: ContentId
    download_url: Annotated[
        str,
        Meta(pattern="^/api/v1/content/download/", description="needs a bearer token or a signed link"),
    ]
    summary: GenerationSummary
    environment_id: Annotated[
        EnvironmentId | UnsetType, Meta(description="of the world that follows, where one was asked for")
    ] = UNSET
    environment_url: Annotated[
        Annotated[str, Meta(pattern="^/api/v1/roblox/environments/")] | UnsetType,
        Meta(description="where that world is; it is begun at this moment"),
    ] = UNSET


class GenerationComplete(Message, tag="generation_complete"):
    """The last event of a session that went well."""

    data: GenerationCompleteData


class GenerationCancel(FromClient, tag="generation_cancel"):
    """The owner wants no more of it."""


_ENDPOINT: Final = (EndpointName.CONTENT,)

GENERATION_MESSAGES: Final = (
    MessageType(ProgressUpdate, Sender.SERVER, _ENDPOINT, GENERATION_CHANNELS, "work goes on"),
    MessageType(StageComplete, Sender.SERVER, _ENDPOINT, GENERATION_CHANNELS, "a stage has ended"),
    MessageType(
        GenerationComplete, Sender.SERVER, _ENDPOINT, GENERATION_CHANNELS, "all is there: the last event"
    ),
    MessageType(
        ContentDelta,
        Sender.SERVER,
        (),
        (GENERATION_CHANNELS[0],),
        "words of a language model while they are being written; to watch, not to keep",
    ),
    MessageType(GenerationCancel, Sender.CLIENT, _ENDPOINT, (), "end this generation; for its owner"),
)
