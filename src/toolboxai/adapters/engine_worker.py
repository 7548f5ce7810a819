"""The process in which the offline engine works: calls on standard input, progress and results on standard output.

The messages are those of ``pipe_messages``. The process ends when its input does. See ``engine_process`` for the
other side.
"""

import os
import sys
import traceback
from collections.abc import Mapping
from typing import IO, Any, Literal

import msgspec

from toolboxai.adapters.pipe_messages import read_message, write_message
from toolboxai.errors import ContentFailed, RequestError
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.lesson import Lesson
from toolboxai.platform.content.model.package import Audience
from toolboxai.platform.content.model.quiz import Quiz
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.roblox.engine import OfflineWorlds
from toolboxai.platform.roblox.model.instances import Script
from toolboxai.platform.roblox.model.plan import Land, WorldPlan
from toolboxai.platform.roblox.model.spec import WorldSpec

__all__ = [
    "AnyCall",
    "Building",
    "Call",
    "Proposing",
    "Remaking",
    "Rendering",
    "Reply",
    "main",
]


class Call(msgspec.Struct, omit_defaults=True, tag="stage"):
    """One stage to work on: the first whose result does not stand in it yet."""

    request: GenerationRequest
    analysis: Analysis | None = None
    lesson: Lesson | None = None
    quiz: Quiz | None = None
    content_id: str = ""


class Rendering(msgspec.Struct, tag="rendering"):
    """One file of a document to write."""

    document: ContentDocument
    format: str
    audience: Audience


class Remaking(msgspec.Struct, tag="remaking"):
    """One part of a document to make anew: a section, or a question."""

    document: ContentDocument
    part: Literal["section", "question"]
    id: str
    seed: int


class Proposing(msgspec.Struct, tag="proposing"):
    """A text to look through for what it offers."""

    source_text: str
    language: str | None


class Building(msgspec.Struct, omit_defaults=True, tag="building"):
    """One component of a world to work on, or its files."""

    part: Literal["terrain", "buildings", "scripts", "files"]
    spec: WorldSpec
    land: Land | None = None
    plan: WorldPlan | None = None
    scripts: tuple[Script, ...] = ()


AnyCall = Call | Rendering | Remaking | Proposing | Building


class Reply(msgspec.Struct, omit_defaults=True):
    """Progress, or the end of a call: a result, a refusal of the request, a failure, or a fault of ours with its trace.

    ``failed`` is a run-time code, and whether another try may help.
    """

    progress: tuple[int, int, str] | None = None
    result: msgspec.Raw = msgspec.Raw()
    refused: str | None = None
    message: str = ""
    details: Mapping[str, Any] = {}
    failed: tuple[str, bool] | None = None
    fault: str | None = None


def main() -> None:
    """Serve calls until the input ends."""
    calls, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not speak in between
    engine = OfflineEngine()
    while (body := read_message(calls)) is not None:
        try:
            _serve(engine, msgspec.json.decode(body, type=AnyCall), replies)
        except BrokenPipeError:
            return


def _serve(engine: OfflineEngine, call: AnyCall, replies: IO[bytes]) -> None:
    def report(done: int, total: int, message: str) -> None:
        write_message(replies, Reply(progress=(done, total, message)))

    try:
        result = _work(engine, call, report)
    except RequestError as refused:
        reply = Reply(refused=refused.error_code, message=refused.message, details=refused.details)
    except ContentFailed as failed:
        reply = Reply(failed=(failed.error_code, failed.retryable), message=failed.message)
    except BrokenPipeError:
        raise
    except Exception:  # a fault of ours: told with its trace to the side that keeps the log
        reply = Reply(fault=traceback.format_exc())
    else:
        reply = Reply(result=msgspec.Raw(msgspec.json.encode(result)))
    write_message(replies, reply)


def _work(engine: OfflineEngine, call: AnyCall, report: Report) -> Any:
    match call:
        case Building():
            return _build(call)
        case Rendering():
            return engine.render(call.document, call.format, call.audience)
        case Proposing():
            return engine.propose(call.source_text, call.language, report)
        case Remaking(part="section"):
            return engine.another_section(call.document, call.id, call.seed, report)
        case Remaking():
            return engine.another_question(call.document, call.id, call.seed, report)
    analysis, lesson, quiz = call.analysis, call.lesson, call.quiz
    if analysis is None:
        return engine.analyse(call.request, report)
    if lesson is None:
        return engine.lesson(call.request, analysis, report)
    if quiz is None:
        return engine.quiz(call.request, analysis, lesson, report)
    return engine.package(call.request, analysis, lesson, quiz, call.content_id, report)


def _build(call: Building) -> Any:
    worlds = OfflineWorlds()
    match call.part:
        case "terrain":
            return worlds.terrain(call.spec)
        case "buildings":
            return worlds.buildings(call.spec, call.land)
    if call.plan is None:
        raise ValueError(f"{call.part} are made from a plan")
    if call.part == "scripts":
        return worlds.scripts(call.spec, call.plan)
    return worlds.files(call.spec, call.plan, call.scripts)


if __name__ == "__main__":
    main()
