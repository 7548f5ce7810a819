"""The offline engine in processes of its own, so that its work never holds up live connections.

Text work in a thread of the server shares the interpreter with the loop: two long texts made every answer wait tens of
milliseconds. In a process beside it, with a lower priority, they cost the loop nothing but the messages.
"""

import os
import threading
from typing import Final, TypeVar

import msgspec

from toolboxai import errors
from toolboxai.adapters.child_process import started
from toolboxai.adapters.engine_worker import (
    AnyCall,
    Call,
    Proposing,
    Remaking,
    Rendering,
    Reply,
)
from toolboxai.adapters.pipe_messages import read_message, write_message
from toolboxai.platform.content.exports.document import ContentDocument
from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.generator import GENERATOR
from toolboxai.platform.content.model.lesson import Lesson, LessonSection
from toolboxai.platform.content.model.package import Audience, ContentFile, Package
from toolboxai.platform.content.model.proposal import Proposals
from toolboxai.platform.content.model.quiz import Question, Quiz
from toolboxai.platform.content.model.report import Report, unheard
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.run.stage_work import EngineLost

__all__ = ["EngineProcesses"]

T = TypeVar("T")

_END_S: Final = 5.0
_ASK_S: Final = 0.25
# As long as any stage may take: one that hangs between two reports would hold its turn for ever.
_STAGE_LIMIT_S: Final = 300.0
_REFUSALS: Final = {
    refusal.error_code: refusal
    for refusal in (
        errors.ValidationError,
        errors.SourceRequired,
        errors.SourceTooShort,
        errors.ResourceNotFound,
    )
}


class EngineProcesses:
    """Satisfies ``platform.content.run.stage_work.ContentEngine``; its methods block, so call them in threads.

    A worker is started when there is none to spare and kept for the next stage; there are as many as stages that run
    at once. A stage whose ``report`` raises is given up, and its worker with it.

    Args:
        stage_limit_s: a stage that takes longer fails with GENERATION_TIMEOUT, even when it reports nothing; waiting
            for a processor does not count.
        processors: stages that are computed at once, by default as many as this process may use processors. More of
            them would be done no sooner, and live connections would wait behind all of them.
    """

    def __init__(self, *, stage_limit_s: float = _STAGE_LIMIT_S, processors: int | None = None) -> None:
        self._stage_limit_s = stage_limit_s
        self._processors = threading.Semaphore(processors or _processors())
        self._lock = threading.Lock()  # for the next three
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False

    @property
    def generator(self) -> str:
        """See the port."""
        return GENERATOR

    def propose(self, source_text: str, language: str | None, report: Report) -> Proposals:
        """See the port."""
        return msgspec.json.decode(self._raw(Proposing(source_text, language), report), type=Proposals)

    def analyse(self, request: GenerationRequest, report: Report) -> Analysis:
        """See the port."""
        return self.compute(Call(request), Analysis, report)

    def lesson(self, request: GenerationRequest, analysis: Analysis, report: Report) -> Lesson:
        """See the port."""
        return self.compute(Call(request, analysis), Lesson, report)

    def quiz(self, request: GenerationRequest, analysis: Analysis, lesson: Lesson, report: Report) -> Quiz:
        """See the port."""
        return self.compute(Call(request, analysis, lesson), Quiz, report)

    def package(
        self,
        request: GenerationRequest,
        analysis: Analysis,
        lesson: Lesson,
        quiz: Quiz,
        content_id: str,
        report: Report,
    ) -> Package:
        """See the port."""
        return self.compute(Call(request, analysis, lesson, quiz, content_id), Package, report)

    def render(self, document: ContentDocument, format: str, audience: Audience) -> ContentFile:
        """See the port."""
        written = self._raw(Rendering(document, format, audience), unheard)
        return msgspec.json.decode(written, type=ContentFile)

    def another_section(
        self, document: ContentDocument, section_id: str, seed: int, report: Report
    ) -> LessonSection | None:
        """See the port."""
        made: LessonSection | None = msgspec.json.decode(
            self._raw(Remaking(document, "section", section_id, seed), report), type=LessonSection | None
        )
        return made

    def another_question(
        self, document: ContentDocument, question_id: str, seed: int, report: Report
    ) -> Question | None:
        """See the port."""
        made: Question | None = msgspec.json.decode(
            self._raw(Remaking(document, "question", question_id, seed), report), type=Question | None
        )
        return made

    def close(self) -> None:
        """End all workers; a stage that runs is given up."""
        with self._lock:
            self._closed = True
            for worker in self._idle:
                worker.end()
            self._idle.clear()
            for worker in self._busy:
                worker.kill()  # whoever waits for it ends it

    def compute(self, call: AnyCall, kind: type[T], report: Report) -> T:
        """Have something computed for which nobody waits at a page: no more at once than there are processors.

        Raises:
            ContentFailed: it did not get through, or took too long.
            EngineLost: its process has ended.
        """
        # Files and parts do not wait: somebody waits for them, and it takes them a moment.
        while not self._processors.acquire(timeout=_ASK_S):
            report(0, 0, "Waiting for a processor")  # a total of 0: it waits; and whoever gave it up is heard
        try:
            made = self._raw(call, report)
        finally:
            self._processors.release()
        return msgspec.json.decode(made, type=kind)

    def _raw(self, call: AnyCall, report: Report) -> msgspec.Raw:
        worker = self._take()
        try:
            reply = worker.run(call, report, self._stage_limit_s)
        except BaseException:  # given up, or broken: in neither case is it known what the worker does now
            with self._lock:
                self._busy.remove(worker)
            worker.end()
            raise
        self._give_back(worker)
        if reply.fault is not None:
            raise RuntimeError(f"the engine failed:\n{reply.fault}")
        if reply.failed is not None:
            code, retryable = reply.failed
            raise errors.ContentFailed(code, reply.message, retryable=retryable)
        if reply.refused is not None:
            raise _REFUSALS[reply.refused](reply.message, details=reply.details)
        return reply.result

    def _take(self) -> "_Worker":
        with self._lock:
            if self._closed:
                raise EngineLost("the engine is closed")
            while self._idle:
                worker = self._idle.pop()
                if worker.lives():
                    break
                worker.end()  # the system took it, to have its memory
            else:
                worker = _Worker()
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: "_Worker") -> None:
        with self._lock:
            self._busy.remove(worker)
            if not self._closed:
                self._idle.append(worker)
                return
        worker.end()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker:
    """One process."""

    def __init__(self) -> None:
        self._process = started("toolboxai.adapters.engine_worker")

    def run(self, call: AnyCall, report: Report, limit_s: float) -> Reply:
        """Have a stage worked on; passes on what it reports.

        Raises:
            ContentFailed: it took longer than `limit_s` seconds.
            EngineLost: the process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Event()

        def too_late() -> None:
            late.set()
            self.kill()

        watchdog = threading.Timer(limit_s, too_late)
        watchdog.start()
        try:
            write_message(self._process.stdin, call)
            while (body := read_message(self._process.stdout)) is not None:
                reply = msgspec.json.decode(body, type=Reply)
                if reply.progress is None:
                    return reply
                report(*reply.progress)
        except BrokenPipeError:
            pass
        finally:
            watchdog.cancel()
        if late.is_set():
            raise errors.ContentFailed(
                "GENERATION_TIMEOUT", f"a stage took longer than {limit_s:.0f} s", retryable=True
            )
        raise EngineLost(f"the engine's process ended with status {self._process.wait(_END_S)}")

    def lives(self) -> bool:
        """Whether it can still be given work."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Stop it, whatever it does; `end` is still to be called."""
        self._process.kill()

    def end(self) -> None:
        """Stop it, whatever it does."""
        self._process.kill()
        self._process.wait(_END_S)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
