"""``demo``: a server of its own, a teacher, a text, and a lesson made live while you watch."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson

if TYPE_CHECKING:
    from toolboxai.cli.demo_process import DemoServer
    from toolboxai.cli.output import Output

__all__ = ["add_to"]

_SAMPLE: Final = "water_cycle"


def add_to(cli: typer.Typer) -> None:
    """Register the command."""
    cli.command()(demo)


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="The server stays after the lesson; Ctrl-C ends it.")
    ] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Only start the server and print its page.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The next free port from here on.")] = 8009,
    out: Annotated[Path, typer.Option(help="Where the lesson goes.")] = Path("demo-output"),
    as_json: AsJson = False,
) -> None:
    """Make a lesson from a bundled text, live.

    Nothing needs to be set up: its server, keys and database are its own.
    """
    import asyncio

    from toolboxai.cli.demo_process import DemoServer
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise CommandFailed(
            ExitCode.FAILED, f"the folder {out} cannot be made ({fault.strerror}); name another with --out"
        ) from fault
    with DemoServer(out / "server.log", first_port=port) as server:
        if server.port != port:
            output.say(f"port {port} is taken, using {server.port}", port=server.port)
        output.say(f"server: {server.url}", url=server.url)
        if not serve:
            asyncio.run(_lesson(server, out, output))
        if serve or keep:
            _stay(server, output)
    output.say("the demo's server has ended")


async def _lesson(server: "DemoServer", out: Path, output: "Output") -> None:
    """One generation, from signing in to the files."""
    from toolboxai.cli.follow import follow, showing
    from toolboxai.cli.lessons import download, request_for, session_names
    from toolboxai.cli.remote import Remote, Rest, connected
    from toolboxai.platform.content.samples import sample_text, sample_wishes

    async with Rest(server.url) as door:
        signed_in = await door.post("/api/v1/auth/one-time", {"code": server.code})
    token = str(signed_in["access_token"])
    output.say(f"signed in as {server.teacher} with a one-time code", user=server.teacher)
    wishes = sample_wishes(_SAMPLE)
    body = request_for(
        sample_text(_SAMPLE),
        subject=wishes["subject"],
        fallback=_SAMPLE,
        grade=wishes["grade_level"],
        objectives=wishes["learning_objectives"],
        duration_minutes=45,
        num_questions=10,
    )
    remote = Remote(server.url, key=server.key, token=token)
    async with Rest(server.url, token) as rest:
        session_id, channel = session_names(await rest.post("/api/v1/content/generate", body))
        output.say(f"generation {session_id}, live on {channel}", session_id=session_id, channel=channel)
        with showing(output) as view:
            async with connected(remote, tell=view.note) as client:
                finished = await follow(client, channel, view)
        for path in await download(rest, finished.content_id, out):
            output.say(f"wrote {path}", file=str(path))


def _stay(server: "DemoServer", output: "Output") -> None:
    """Keep the server until Ctrl-C or SIGTERM. The code stands in the fragment, which browsers do not send."""
    page = f"{server.url}/#code={server.page_code()}"
    output.say(
        f"page: {page}\nThe link signs you in once, within ten minutes. Ctrl-C ends the server.", page=page
    )
    server.wait()
