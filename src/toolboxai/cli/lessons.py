"""``generate``: a lesson and a quiz from a text, by a running server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile, Key, Url

if TYPE_CHECKING:
    from toolboxai.cli.remote import Rest

__all__ = ["FORMATS", "add_to", "download", "request_for", "session_names"]

FORMATS: Final = ("md", "html", "json")


def add_to(cli: typer.Typer) -> None:
    """Register the command."""
    cli.command()(generate)


def generate(
    file: Annotated[
        Path, typer.Argument(help="The source text: plain text or Markdown; - reads standard input.")
    ],
    follow: Annotated[bool, typer.Option("--follow", help="Show the stages live, to the end.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Follow, and download the results into this folder.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="Such as Science; else the text's first heading.")
    ] = None,
    grade: Annotated[str, typer.Option(help="A school year or a band of them.")] = "6-8",
    objective: Annotated[
        list[str] | None, typer.Option(help="A learning objective; may be given ten times.")
    ] = None,
    minutes: Annotated[int, typer.Option(min=5, max=120, help="Length of the lesson.")] = 45,
    questions: Annotated[int, typer.Option(min=1, max=50, help="How many questions, at most.")] = 10,
    language: Annotated[str, typer.Option(help="Language of the text.")] = "en",
    seed: Annotated[int, typer.Option(min=0, help="The same text and seed give the same result.")] = 0,
    url: Url = None,
    key: Key = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a lesson and a quiz from a text.

    A running server does it; the access token comes from TOOLBOXAI_TOKEN.
    """
    import asyncio

    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import find_remote

    remote = find_remote(url=url, key=key, config=config)
    remote.needed_token()
    body = request_for(
        read_source(file),
        subject=subject,
        fallback="the text" if str(file) == "-" else file.stem,
        grade=grade,
        objectives=objective or [],
        duration_minutes=minutes,
        num_questions=questions,
        language=language,
        seed=seed,
    )
    output = Output(as_json=as_json)

    async def work() -> None:
        from toolboxai.cli.follow import follow as watch
        from toolboxai.cli.follow import showing
        from toolboxai.cli.remote import Rest, connected

        async with Rest(remote.url, remote.token) as rest:
            session_id, channel = session_names(await rest.post("/api/v1/content/generate", body))
            output.say(f"generation {session_id} is queued", session_id=session_id, channel=channel)
            if not follow and out is None:
                output.say(f"follow it with: toolboxai tail {channel} --since 0")
                return
            with showing(output) as view:
                async with connected(remote, tell=view.note) as client:
                    finished = await watch(client, channel, view)
            if out is not None:
                for path in await download(rest, finished.content_id, out):
                    output.say(f"wrote {path}", file=str(path))

    asyncio.run(work())


def read_source(file: Path) -> str:
    """The text of a file, or of standard input for ``-``."""
    import sys

    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8")
    except OSError as fault:
        raise CommandFailed(ExitCode.USAGE, f"{file} cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise CommandFailed(
            ExitCode.USAGE, f"{file} is not UTF-8 text: {fault.reason} at byte {fault.start}"
        ) from fault


def request_for(
    text: str, *, subject: str | None, fallback: str, grade: str, objectives: list[str], **more: Any
) -> dict[str, Any]:
    """The body of a generation. Without a subject it is the text's first heading, else `fallback`."""
    heading = next((line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")), "")
    about = subject or heading or fallback
    return {
        "subject": about,
        "grade_level": grade,
        "learning_objectives": objectives or [f"Explain the main ideas of {about}"],
        "source_text": text,
        **more,
    }


def session_names(answer: dict[str, Any]) -> tuple[str, str]:
    """Session id and private channel from the answer of the server."""
    session_id, channel = answer.get("session_id"), answer.get("private_channel")
    if not isinstance(session_id, str) or not isinstance(channel, str):
        raise CommandFailed(ExitCode.FAILED, "the server answered without session_id and private_channel")
    return session_id, channel


async def download(rest: "Rest", content_id: str, folder: Path) -> list[Path]:
    """Fetch the lesson with its quiz in every format of FORMATS; returns the files written."""
    import asyncio

    files = {
        folder / f"lesson-and-quiz.{form}": await rest.download(
            f"/api/v1/content/download/{content_id}", format=form
        )
        for form in FORMATS
    }
    return await asyncio.to_thread(_write, files)


def _write(files: dict[Path, bytes]) -> list[Path]:
    for path, content in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as fault:
            raise CommandFailed(ExitCode.FAILED, f"{path} cannot be written: {fault.strerror}") from fault
    return list(files)
