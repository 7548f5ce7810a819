"""All checks, in the order in which faults are best mended."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from toolboxai.cli.checks.finding import Finding, fault, ok
from toolboxai.cli.remote import Remote, find_remote
from toolboxai.errors import ConfigError

if TYPE_CHECKING:
    from toolboxai.config import Settings

__all__ = ["examine"]


async def examine(*, url: str | None, key: str | None, config: Path | None) -> list[Finding]:
    """Look at everything that can be seen from here.

    Args:
        url: of a server that must answer; None: the one of the settings, which may.
        key: of an app there; else that of the settings.
        config: the settings file; else as for every command.
    """
    settings, findings = _settings(config)
    if settings is not None:
        findings += await _here(settings)
    try:
        remote = find_remote(url=url, key=key, config=config)
    except ConfigError:
        if url is None:  # told above; without settings nobody knows where to look
            return findings
        remote = Remote(url.rstrip("/"), key=key, token=os.environ.get("TOOLBOXAI_TOKEN") or None)
    from toolboxai.cli.checks.server import server

    named = url is not None or bool(os.environ.get("TOOLBOXAI_URL"))
    return findings + [finding async for finding in server(remote, named=named, now=time.time)]


def _settings(config: Path | None) -> tuple["Settings | None", list[Finding]]:
    """What can be read of them, and what is wrong with them."""
    from toolboxai.config import Purpose, load_configuration

    try:
        found = load_configuration(file=config, purpose=Purpose.SERVE)
    except ConfigError as refused:
        findings = [fault("settings", text) for text in refused.faults]
        try:
            return load_configuration(file=config, purpose=Purpose.ANY).settings, findings
        except ConfigError:
            return None, findings
    findings = [ok("settings", f"good ({found.file or 'environment alone'})")]
    if found.file is not None:
        from toolboxai.cli.checks.secrets import settings_file

        findings += settings_file(found.file)
    return found.settings, findings


async def _here(settings: "Settings") -> list[Finding]:
    from toolboxai.cli.checks.far import publisher
    from toolboxai.cli.checks.port import port
    from toolboxai.cli.checks.process import open_files, serving_process, unit_files
    from toolboxai.cli.checks.secrets import app_secrets, jwt_keys
    from toolboxai.cli.checks.storage import storage
    from toolboxai.cli.checks.text_provider import text_provider

    def at_hand() -> Iterator[Finding]:
        yield from jwt_keys({key.kid: key.secret.get_secret_value() for key in settings.auth.jwt_keys})
        yield from app_secrets({pair.key: pair.secret for app in settings.apps for pair in app.active_keys()})
        most = sum(app.max_connections for app in settings.apps)
        yield open_files(most)
        yield from serving_process(settings.server.port, most)
        yield from unit_files(most, drain_s=settings.server.drain_s)

    findings = list(at_hand())
    findings.append(await port(settings.server.host, settings.server.port))
    findings += [finding async for finding in storage(settings.database.url, now=time.time)]
    findings += [finding async for finding in publisher(settings, now=time.time)]
    findings += await _identity_provider(settings)
    findings.append(await text_provider(settings))
    return findings


async def _identity_provider(settings: "Settings") -> list[Finding]:
    if settings.auth.oidc.issuer is None:
        return []
    from toolboxai.app.oidc import check_provider
    from toolboxai.errors import ProviderUnavailable

    try:
        return [ok("identity provider", await check_provider(settings) or "none")]
    except ProviderUnavailable as refused:
        return [fault("identity provider", f"{refused.message}; docs/sign-in.md has what to do")]
