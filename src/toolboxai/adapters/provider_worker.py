"""The process that speaks with a provider of text: questions on standard input, words and answers on standard output.

The client library takes seconds to import, and its work on streams would share the interpreter with live connections:
so it has a process of its own. The key comes on standard input too, where no list of processes shows it. See
``provider_process`` for the other side, ``provider_calls`` for what is asked of the library.
"""

import asyncio
import os
import resource
import sys
import threading
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec
import stamina
from stamina.instrumentation import set_on_retry_hooks

from toolboxai.adapters.pipe_messages import read_message, write_message
from toolboxai.adapters.provider_connection import Connection
from toolboxai.adapters.shown_words import ShownWords
from toolboxai.platform.content.writing.budget import BudgetSpent, another_try, counted
from toolboxai.platform.content.writing.writer import Asked, Written

if TYPE_CHECKING:
    from toolboxai.adapters.provider_calls import Provider

_PAUSE_S: Final = 0.4  # before a second try, and as much again by chance; then twice as long each time
_LONGEST_PAUSE_S: Final = 8.0

__all__ = ["Ask", "Drop", "Ended", "Fault", "Ready", "Words", "main"]


class Ask(msgspec.Struct, tag=True):
    """Have something written."""

    id: int
    asked: Asked


class Drop(msgspec.Struct, tag=True):
    """Nobody wants the answer any more."""

    id: int


class Ready(msgspec.Struct, tag=True):
    """All is imported; from now on the time of each question counts."""


class Words(msgspec.Struct, tag=True, omit_defaults=True):
    """The next words of an answer."""

    id: int
    text: str
    anew: bool = False
    begun: int = 0


class Ended(msgspec.Struct, tag=True):
    """An answer."""

    id: int
    written: Written


class Fault(msgspec.Struct, tag=True):
    """No answer; `away`: the provider does not answer, or lets nobody in. The text is ours, not the provider's."""

    id: int
    away: bool
    text: str


def main() -> None:
    """Serve questions until the input ends."""
    _leave_no_core()
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not speak in between
    body = read_message(questions)
    if body is not None:
        connection = msgspec.json.decode(body, type=Connection)
        from toolboxai.adapters.provider_calls import Provider  # slow

        provider = Provider(connection)
        _bound(connection.memory_bytes)
        set_on_retry_hooks(
            ()
        )  # they would log the faults as they are, and a provider may repeat the key in them
        asyncio.run(_Desk(provider, answers).serve(questions))
    os._exit(0)  # whoever reads is gone: nothing of what still runs is for anybody


def _leave_no_core() -> None:
    """None of our memory is written to a disk: the key will stand in it.

    One byte, not none: no core fits in it either, and with it Linux also leaves out a dump to a program, as
    systemd-coredump is one, for which it looks at no other limit.
    """
    _limit(resource.RLIMIT_CORE, 1)


def _bound(memory_bytes: int) -> None:
    """No answer takes the machine's memory."""
    _limit(resource.RLIMIT_AS, memory_bytes)


def _limit(what: int, most: int) -> None:
    _soft, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


class _Desk:
    """Answers any number of questions at the same time."""

    def __init__(self, provider: "Provider", answers: IO[bytes]) -> None:
        self._provider = provider
        self._answers = answers
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def serve(self, questions: IO[bytes]) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def read() -> None:
            while (body := read_message(questions)) is not None:
                loop.call_soon_threadsafe(self._take, msgspec.json.decode(body, type=Ask | Drop))
            loop.call_soon_threadsafe(over.set)

        threading.Thread(target=read, name="questions", daemon=True).start()
        self._say(Ready())
        await over.wait()

    def _take(self, message: Any) -> None:
        if isinstance(message, Ask):
            task = asyncio.create_task(self._answer(message))
            self._tasks[message.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(message.id, None))
        elif message.id in self._tasks:
            self._tasks[message.id].cancel()

    async def _answer(self, ask: Ask) -> None:
        try:
            reply: Ended | Fault = Ended(ask.id, await self._written(ask))
        except BudgetSpent as spent:
            reply = Fault(ask.id, False, str(spent))
        except Exception as fault:  # whatever it is, somebody waits for the answer
            away, text = self._provider.told(fault)
            reply = Fault(ask.id, away, text)
        self._say(reply)

    def _say(self, message: Ready | Words | Ended | Fault) -> None:
        """Tell the other side.

        A full pipe would hold the loop up, yet not for long and never for ever: over there a thread does nothing but
        read, whatever is sent, and when it is gone the pipe breaks.
        """
        write_message(self._answers, message)

    async def _written(self, ask: Ask) -> Written:
        """Ask, and ask again when that may help. This is the one place where anything is tried again."""
        asked, tried, read, wrote, heard = ask.asked, 0, 0, 0, False
        best: Written | None = None
        shown = ShownWords()
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + asked.within_s

        def again(fault: Exception) -> bool | float:
            return self._provider.again(fault, ends_at - loop.time())

        def tell(text: str) -> None:
            if text:
                self._say(Words(ask.id, text, begun=shown.begun))

        try:
            async with asyncio.timeout_at(ends_at):
                async for attempt in stamina.retry_context(
                    on=again,
                    attempts=asked.tries,
                    timeout=None,  # that around it holds
                    wait_initial=_PAUSE_S,
                    wait_jitter=_PAUSE_S,
                    wait_max=_LONGEST_PAUSE_S,
                ):
                    with attempt:
                        if best is not None:
                            read, wrote = map(sum, zip((read, wrote), counted(asked, best), strict=True))
                            best = None
                            asked = another_try(ask.asked, read, wrote)
                        if heard:
                            shown = ShownWords()
                            self._say(Words(ask.id, "", anew=True))
                            heard = False
                        tried += 1
                        async for best in self._provider.pieces(asked):
                            heard = True
                            tell(shown.more(best.text))
        except TimeoutError:
            if best is None and not read:
                raise
            best = msgspec.structs.replace(best or Written(""), whole=False)
        best = msgspec.structs.replace(best or Written("", whole=False), tries=max(1, tried))
        if read:  # else whoever asked counts
            last_read, last_wrote = counted(asked, best)
            best = msgspec.structs.replace(
                best, input_tokens=read + last_read, output_tokens=wrote + last_wrote
            )
        return best


if __name__ == "__main__":
    main()
