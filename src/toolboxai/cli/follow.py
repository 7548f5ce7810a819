"""A generation, followed to its end: a bar with the events below it at a terminal, lines anywhere else."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from toolboxai.cli.channels import event_fields
from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.output import Output

if TYPE_CHECKING:
    from rich.console import RenderableType

    from toolboxai.client import ChannelsClient, Event

__all__ = ["Finished", "follow", "line"]

_RAW_LINES: Final = 8


@dataclass(frozen=True, slots=True)
class Finished:
    """What a generation made.

    Args:
        content_id: of the lesson and its quiz.
        summary: the counts that the server tells.
    """

    content_id: str
    summary: dict[str, Any]


class View(Protocol):
    """Shows what happens."""

    def show(self, event: "Event") -> None:
        """One more event."""
        ...

    def note(self, text: str) -> None:
        """Something about the connection."""
        ...


async def follow(client: "ChannelsClient", channel: str, view: View) -> Finished:
    """Show every event of a generation, also those before this moment, until it ends.

    Args:
        client: a connected client.
        channel: the session's channel.
        view: from `showing`.

    Raises:
        CommandFailed: the generation failed or was cancelled; the text says where and why.
    """
    async for event in await client.subscribe(channel, since=0):
        view.show(event)
        data = _data(event)
        if event.name == "generation_complete":
            return Finished(str(data.get("content_id")), dict(data.get("summary") or {}))
        if event.name == "error" and _terminal(data):
            raise CommandFailed(ExitCode.FAILED, _failure(data))
    raise CommandFailed(ExitCode.FAILED, "the channel ended before the generation did")


@contextmanager
def showing(output: Output) -> Iterator[View]:
    """The view that fits the output."""
    if not output.terminal:
        yield _Lines(output)
        return
    from rich.live import Live

    view = _Bar()
    with Live(get_renderable=view.render, refresh_per_second=8):
        yield view


def line(event: "Event") -> str:
    """An event of a generation as one line for people."""
    data = _data(event)
    match event.name:
        case "progress_update":
            return f"Progress: {data.get('progress_percent')}% - {data.get('message')}"
        case "stage_complete":
            results = _counts(data.get("stage_results"))
            return f"Stage complete: {data.get('completed_stage')}" + (f" ({results})" if results else "")
        case "generation_complete":
            return f"Complete: {data.get('content_id')} ({_counts(data.get('summary'))})"
        case "error":
            return f"Error: {_failure(data)}"
        case _:
            return f"{event.name}: {json.dumps(event.data, ensure_ascii=False)}"


class _Lines:
    def __init__(self, output: Output) -> None:
        self._output = output

    def show(self, event: "Event") -> None:
        self._output.say(line(event), **event_fields(event))

    def note(self, text: str) -> None:
        self._output.say(text, note=text)


class _Bar:
    """Percent, stage, message and estimate above the newest raw events."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.fields[stage]:<18}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[ready]}"),
            TimeElapsedColumn(),
        )
        self._task = self._progress.add_task("generation", total=100, stage="waiting", ready="")
        self._message = ""
        self._raw: deque[str] = deque(maxlen=_RAW_LINES)

    def show(self, event: "Event") -> None:
        data = _data(event)
        self._raw.append(json.dumps(event.data, ensure_ascii=False))
        if event.name == "progress_update":
            self._message = str(data.get("message") or "")
            self._progress.update(
                self._task,
                completed=data.get("progress_percent") or 0,
                stage=data.get("stage") or "",
                ready=_ready_at(data.get("estimated_completion")),
            )
        elif event.name == "generation_complete":
            self._message = line(event)
            self._progress.update(self._task, completed=100, stage="complete", ready="")

    def note(self, text: str) -> None:
        self._message = text

    def render(self) -> "RenderableType":
        from rich.console import Group
        from rich.text import Text

        raw = [Text(text, style="dim", no_wrap=True, overflow="ellipsis") for text in self._raw]
        return Group(self._progress, Text(self._message), *raw)


def _data(event: "Event") -> dict[str, Any]:
    """The message inside the envelope; an event of another shape has none."""
    inner = event.data.get("data") if isinstance(event.data, dict) else None
    return inner if isinstance(inner, dict) else {}


def _counts(facts: Any) -> str:
    """The facts that are one number or word each."""
    known = facts.items() if isinstance(facts, dict) else ()
    return ", ".join(f"{name} {value}" for name, value in known if isinstance(value, int | float | str))


def _details(data: dict[str, Any]) -> dict[str, Any]:
    details = data.get("details")
    return details if isinstance(details, dict) else {}


def _terminal(data: dict[str, Any]) -> bool:
    """Whether the session is over with this error; a rejected message says that it is not."""
    return _details(data).get("terminal") is not False


def _failure(data: dict[str, Any]) -> str:
    details = _details(data)
    stage = f" in {details['stage']}" if "stage" in details else ""
    again = "; it can be tried again" if details.get("retry_possible") else ""
    return f"{data.get('message') or 'no reason given'} [{data.get('error_code')}{stage}{again}]"


def _ready_at(estimate: Any) -> str:
    try:
        moment = datetime.fromisoformat(str(estimate)).astimezone()
    except ValueError:
        return ""
    return f"ready about {moment:%H:%M:%S}"
