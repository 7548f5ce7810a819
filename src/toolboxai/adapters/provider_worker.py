"""The process that speaks with a provider of text: questions on standard input, words and answers on standard output.

The client library takes seconds to import, and its work on streams would share the interpreter with live connections:
so it has a process of its own. The key comes on standard input too, where no list of processes shows it. See
``provider_process`` for the other side, ``provider_calls`` for what is asked of the library.
"""

import asyncio
import os
import sys
import threading
from typing import IO, TYPE_CHECKING, Any

import msgspec
import stamina

from toolboxai.adapters.engine_worker import NICENESS, read_message, write_message
from toolboxai.adapters.provider_connection import Connection
from toolboxai.adapters.shown_words import ShownWords
from toolboxai.platform.content.writing.budget import BudgetSpent, another_try, counted
from toolboxai.platform.content.writing.writer import Asked, Written

if TYPE_CHECKING:
    from toolboxai.adapters.provider_calls import Provider

__all__ = ["Ask", "Drop", "Ended", "Fault", "Words", "main"]


class Ask(msgspec.Struct, tag=True):
    """Have something written."""

    id: int
    asked: Asked


class Drop(msgspec.Struct, tag=True):
    """Nobody wants the answer any more."""

    id: int


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
    os.nice(NICENESS)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not speak in between
    body = read_message(questions)
    if body is not None:
        connection = msgspec.json.decode(body, type=Connection)
        from toolboxai.adapters.provider_calls import Provider  # slow

        asyncio.run(_Desk(Provider(connection), answers, connection.tries).serve(questions))
    os._exit(0)  # whoever reads is gone: nothing of what still runs is for anybody


class _Desk:
    """Answers any number of questions at the same time."""

    def __init__(self, provider: "Provider", answers: IO[bytes], tries: int) -> None:
        self._provider = provider
        self._answers = answers
        self._tries = tries
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def serve(self, questions: IO[bytes]) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def read() -> None:
            while (body := read_message(questions)) is not None:
                loop.call_soon_threadsafe(self._take, msgspec.json.decode(body, type=Ask | Drop))
            loop.call_soon_threadsafe(over.set)

        threading.Thread(target=read, name="questions", daemon=True).start()
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
        write_message(self._answers, reply)

    async def _written(self, ask: Ask) -> Written:
        """Ask, and ask again when the answer breaks off; before it begins the library tries again by itself."""
        asked, tried, read, wrote = ask.asked, 0, 0, 0
        best: Written | None = None
        shown = ShownWords()

        def tell(text: str) -> None:
            if text:
                write_message(self._answers, Words(ask.id, text, begun=shown.begun))

        try:
            async with asyncio.timeout(asked.within_s):
                async for attempt in stamina.retry_context(
                    on=self._provider.cut, attempts=self._tries, timeout=asked.within_s
                ):
                    with attempt:
                        if best is not None:
                            read, wrote = map(sum, zip((read, wrote), counted(asked, best), strict=True))
                            best = None
                            asked = another_try(ask.asked, read, wrote)
                        if tried:
                            shown = ShownWords()
                            write_message(self._answers, Words(ask.id, "", anew=True))
                        tried += 1
                        async for best in self._provider.pieces(asked):
                            tell(shown.more(best.text))
        except TimeoutError:
            if best is None and not read:
                raise
            best = msgspec.structs.replace(best or Written(""), whole=False)
        best = best or Written("", whole=False)
        if read:  # else whoever asked counts
            last_read, last_wrote = counted(asked, best)
            best = msgspec.structs.replace(
                best, input_tokens=read + last_read, output_tokens=wrote + last_wrote
            )
        return best


if __name__ == "__main__":
    main()
