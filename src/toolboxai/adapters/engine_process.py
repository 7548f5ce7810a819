"""The offline engine in processes of its own, so that its work never holds up live connections.

Text work in a thread of the server shares the interpreter with the loop: two long texts made every answer wait tens of
milliseconds. In a process beside it, with a lower priority, they cost the loop nothing but the messages.
"""

import os
import subprocess
import sys
from queue import Empty, LifoQueue
from typing import Final, TypeVar

import msgspec

from toolboxai import errors
from toolboxai.adapters.engine_worker import Call, Reply, read_message, write_message
from toolboxai.platform.content.model import Analysis, GenerationRequest, Lesson, Package, Quiz, Report

__all__ = ["EngineProcesses"]

T = TypeVar("T")

# All that a worker gets of our environment: no secret is its business.
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
_END_S: Final = 5.0
_REFUSALS: Final = {
    refusal.error_code: refusal
    for refusal in (errors.ValidationError, errors.SourceRequired, errors.SourceTooShort)
}


class EngineProcesses:
    """Satisfies ``platform.content.stage_work.ContentEngine``; its methods block, so call them in threads.

    A worker is started when there is none to spare and kept for the next stage; there are as many as stages that run
    at once. A stage whose ``report`` raises is given up, and its worker with it.
    """

    def __init__(self) -> None:
        self._idle: LifoQueue[_Worker] = LifoQueue()

    def analyse(self, request: GenerationRequest, report: Report) -> Analysis:
        """See the port."""
        return self._run(Call(request), Analysis, report)

    def lesson(self, request: GenerationRequest, analysis: Analysis, report: Report) -> Lesson:
        """See the port."""
        return self._run(Call(request, analysis), Lesson, report)

    def quiz(self, request: GenerationRequest, analysis: Analysis, lesson: Lesson, report: Report) -> Quiz:
        """See the port."""
        return self._run(Call(request, analysis, lesson), Quiz, report)

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
        return self._run(Call(request, analysis, lesson, quiz, content_id), Package, report)

    def close(self) -> None:
        """End the workers that wait; called when no stage runs any more."""
        while True:
            try:
                self._idle.get_nowait().end()
            except Empty:
                return

    def _run(self, call: Call, kind: type[T], report: Report) -> T:
        try:
            worker = self._idle.get_nowait()
        except Empty:
            worker = _Worker()
        try:
            reply = worker.run(call, report)
        except BaseException:  # given up, or broken: in neither case is it known what the worker does now
            worker.end()
            raise
        self._idle.put(worker)
        if reply.fault is not None:
            raise RuntimeError(f"the engine failed:\n{reply.fault}")
        if reply.refused is not None:
            raise _REFUSALS[reply.refused](reply.message, details=reply.details)
        return msgspec.json.decode(reply.result, type=kind)


class _Worker:
    """One process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "toolboxai.adapters.engine_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            start_new_session=True,  # Ctrl-C is for the server, which then ends its workers in order
        )

    def run(self, call: Call, report: Report) -> Reply:
        """Have a stage worked on; passes on what it reports.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            write_message(self._process.stdin, call)
            while (body := read_message(self._process.stdout)) is not None:
                reply = msgspec.json.decode(body, type=Reply)
                if reply.progress is None:
                    return reply
                report(*reply.progress)
        except BrokenPipeError:
            pass
        raise RuntimeError(f"the engine's process ended with status {self._process.wait(_END_S)}")

    def end(self) -> None:
        """Stop it, whatever it does."""
        self._process.kill()
        self._process.wait(_END_S)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
