"""Our server with its application, and an admin whom it knows: what has to be there before it is started."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.generator import Generator, Sample, loading
from bench.servers import APPLICATION, PROGRAM, running
from bench.stand import until_undisturbed

__all__ = ["Installed", "Side", "installed_in", "started"]


class Installed(NamedTuple):
    """A place with a database in which there is an admin; servers have copies of it."""

    home: Path
    secret: str
    token: str

    def env(self, home: Path) -> dict[str, str]:
        """Settings of a server that has this copy."""
        return {
            "TOOLBOXAI_JWT_SECRET": self.secret,
            "TOOLBOXAI_DATABASE_URL": f"sqlite:///{home}/bench.db",
        }


class Side(NamedTuple):
    """A server and its generator, and the admin's token."""

    generator: Generator
    token: str

    def take(self, command: str) -> Sample:
        """A round, and again while others disturbed it."""
        taken = until_undisturbed(partial(self.generator.ask, command))
        return min(taken, key=lambda sample: sample.disturbance)


def installed_in(home: Path) -> Installed:
    """Make it in this folder, which is not there yet."""
    home.mkdir()
    made = Installed(home, secrets.token_urlsafe(48), "")
    env = made.env(home)
    admin = ("users", "create", "operator", "--role", "admin", "--password-stdin")
    _run(env, *admin, said=secrets.token_urlsafe(16))
    return made._replace(token=_run(env, "token", "operator").strip())


def started(
    stack: ExitStack, installed: Installed, home: Path, load: list[str], cores: tuple[int, int]
) -> Side:
    """A server on a copy of its own, and a generator; both are gone when the stack is left.

    Args:
        stack: see above.
        installed: what is copied.
        home: where to, which is not there yet.
        load: command line of the generator.
        cores: the server's and the generator's.
    """
    shutil.copytree(installed.home, home)
    kind = replace(APPLICATION, name=home.name, title=home.name, env=installed.env(home))
    server = stack.enter_context(running(kind, cores[0]))
    return Side(stack.enter_context(loading(server, load, cores[1], home)), installed.token)


def _run(env: Mapping[str, str], *words: str, said: str = "") -> str:
    done = subprocess.run(
        [PROGRAM, *words], env=os.environ | env, input=said, capture_output=True, text=True, check=True
    )
    return done.stdout
