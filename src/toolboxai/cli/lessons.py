"""``generate``: a lesson and a quiz from a text or from files, by a running server."""

import base64
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile, Key, Url

if TYPE_CHECKING:
    from toolboxai.cli.remote import Rest

__all__ = ["add_to", "download", "request_for", "session_names"]

_USUAL: Final = ("md", "html", "json")
_TEXTS: Final = ("", ".txt", ".text", ".md", ".markdown")
_READING_S: Final = 180.0  # files wait for their turn to be read


def add_to(cli: typer.Typer) -> None:
    """Register the command."""
    cli.command()(generate)


def generate(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="The source: txt, md, html, docx or pdf, several in their order; - reads a text from standard input.",
        ),
    ],
    follow: Annotated[bool, typer.Option("--follow", help="Show the stages live, to the end.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Follow, and download the results into this folder.")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="What to download, such as pdf, moodle_xml or zip; may be given several times. Else md, html and json.",
        ),
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
    """Make a lesson and a quiz from a text, or from files.

    A running server does it; the access token comes from TOOLBOXAI_TOKEN.
    """
    import asyncio

    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import find_remote

    wanted = _known(formats) if formats else _USUAL
    remote = find_remote(url=url, key=key, config=config)
    remote.needed_token()
    text, source_files = read_sources(files)
    body = request_for(
        text,
        subject=subject,
        fallback="the text" if str(files[0]) == "-" else files[0].stem,
        grade=grade,
        objectives=objective or [],
        duration_minutes=minutes,
        num_questions=questions,
        language=language,
        seed=seed,
        source_files=source_files,
    )
    output = Output(as_json=as_json)

    async def work() -> None:
        from toolboxai.cli.follow import follow as watch
        from toolboxai.cli.follow import showing
        from toolboxai.cli.remote import Rest, connected

        async with Rest(remote.url, remote.token) as rest:
            session_id, channel = session_names(
                await rest.post("/api/v1/content/generate", body, timeout=_READING_S)
            )
            output.say(f"generation {session_id} is queued", session_id=session_id, channel=channel)
            if not follow and out is None:
                output.say(f"follow it with: toolboxai tail {channel} --since 0")
                return
            with showing(output) as view:
                async with connected(remote, tell=view.note) as client:
                    finished = await watch(client, channel, view)
            if out is not None:
                for path in await download(rest, finished.content_id, out, wanted):
                    output.say(f"wrote {path}", file=str(path))

    asyncio.run(work())


def read_sources(files: list[Path]) -> tuple[str, list[dict[str, str]]]:
    """What stands in a text of one's own, and the files that the server has to read."""
    import sys

    if [str(file) for file in files] == ["-"]:
        return sys.stdin.read(), []
    contents = [_content(file) for file in files]
    if len(files) == 1 and files[0].suffix.lower() in _TEXTS:
        with suppress(UnicodeDecodeError):  # the server knows older encodings
            return contents[0].decode("utf-8"), []
    return "", [
        {"name": file.name, "content_base64": base64.b64encode(content).decode("ascii")}
        for file, content in zip(files, contents, strict=True)
    ]


def _content(file: Path) -> bytes:
    if str(file) == "-":
        raise CommandFailed(ExitCode.USAGE, "- is standard input; it stands alone, without files beside it")
    try:
        return file.read_bytes()
    except OSError as fault:
        raise CommandFailed(ExitCode.USAGE, f"{file} cannot be read: {fault.strerror}") from fault


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


def _known(formats: list[str]) -> tuple[str, ...]:
    from toolboxai.platform.content.exports.formats import FORMATS

    if unknown := [form for form in formats if form not in FORMATS]:
        raise CommandFailed(
            ExitCode.USAGE, f"there is no format {', '.join(unknown)}; there are {', '.join(FORMATS)}"
        )
    return tuple(dict.fromkeys(formats))


async def download(
    rest: "Rest", content_id: str, folder: Path, formats: tuple[str, ...] = _USUAL
) -> list[Path]:
    """Fetch the lesson with its quiz in these formats; returns the files written."""
    import asyncio

    from toolboxai.platform.content.exports.formats import FORMATS

    files = {
        folder / f"lesson-and-quiz{FORMATS[form].ending}": await rest.download(
            f"/api/v1/content/download/{content_id}", format=form
        )
        for form in formats
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
