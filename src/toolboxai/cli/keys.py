"""``keys``: the keys that sign tokens, and what a token says."""

from typing import Annotated, Final

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile

__all__ = ["add_to"]

_TOKEN_CHARS: Final = 16_384

_STEPS: Final = (
    "Put it behind the others in [auth] jwt_keys and reload (kill -HUP PID); then move it to the front and reload; "
    "after {days} days take the old one out and reload: docs/sign-in.md"
)


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    keys = typer.Typer(
        help="The keys that sign access tokens, and what a token says.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    keys.command("new")(new)
    keys.command("inspect")(inspect)
    cli.add_typer(keys, name="keys")


def new(
    kid: Annotated[str | None, typer.Option(help="Its name; the day and some letters when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a new key, as a line for [auth] jwt_keys; nothing is changed."""
    import secrets
    from datetime import UTC, datetime

    from toolboxai.cli.output import Output, complain
    from toolboxai.config.model import KID
    from toolboxai.platform.identity.tokens import REFRESH_TTL_S

    if kid is not None and not KID.fullmatch(kid):
        raise CommandFailed(ExitCode.USAGE, "--kid is 1 to 64 letters, digits, '_', '-' or '.'")
    kid = kid or f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(2)}"
    secret = secrets.token_urlsafe(48)
    Output(as_json=as_json).say(f'{{ kid = "{kid}", secret = "{secret}" }}', kid=kid, secret=secret)
    if not as_json:
        complain(_STEPS.format(days=REFRESH_TTL_S // 86400))


def inspect(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Read a token from standard input, and tell what it says and whether it holds here; never the token itself."""
    import sys
    from datetime import UTC, datetime

    from toolboxai.app.token_report import report_token
    from toolboxai.cli.output import Output
    from toolboxai.config import Purpose, load_settings

    text = sys.stdin.readline(_TOKEN_CHARS).strip().removeprefix("Bearer ").strip()
    if not text:
        raise CommandFailed(
            ExitCode.USAGE, "standard input is empty; pipe the token in, so that no list shows it"
        )
    report = report_token(load_settings(file=config, purpose=Purpose.TOKENS), text)
    output = Output(as_json=as_json)
    if as_json:
        facts = {"kid": report.kid, "claims": report.claims, "expires_in_s": report.expires_in_s}
        output.say("", **facts, holds=report.holds, verdict=report.verdict)
    else:
        output.say(f"key: {report.kid or 'not named'}")
        for name, value in report.claims.items():
            output.say(f"{name}: {str(value)[:200]!r}" if isinstance(value, str) else f"{name}: {value:.0f}")
        if report.expires_in_s is not None:
            at = datetime.fromtimestamp(min(max(report.claims["exp"], 0), 4e9), UTC)
            output.say(f"expires: {at:%Y-%m-%d %H:%M:%S} UTC, in {report.expires_in_s} s")
        output.say(report.verdict)
    if not report.holds:
        raise CommandFailed(ExitCode.FAILED, "the token does not hold here")
