"""A school: the whole server in a process of its own, people with tokens, and what they do over HTTP."""

import asyncio
import secrets
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx2
import pusher

from databases import prepare_jobs
from pusher_js import Watcher, watching
from server_process import Serving, credentials
from toolboxai.app import identity_for
from toolboxai.app.resources import rooms_on_disk
from toolboxai.config import Purpose, load_settings
from toolboxai.platform.content.samples import sample_text
from toolboxai.platform.identity.model import Role
from toolboxai.platform.resources.model import ResourceKind

__all__ = [
    "SERVE",
    "Open",
    "Person",
    "School",
    "a_lesson",
    "calls",
    "generate",
    "open_school",
    "own",
    "publish",
]

GOOD_FOR_S = 300.0  # of the people that schools are made with: their tokens are over after 15 minutes
SERVE = (sys.executable, "-m", "toolboxai", "serve", "--port")

# Everybody who has a part in the journeys, with role and organisation.
PEOPLE: Mapping[str, tuple[Role, str | None]] = {
    "jane": (Role.TEACHER, None),
    "john": (Role.TEACHER, None),
    "sam": (Role.STUDENT, None),
    "ada": (Role.ADMIN, None),
    "olga": (Role.TEACHER, "elsewhere"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account.

    Args:
        name: to sign in with.
        id: of the account.
        password: in the clear, for the sign-in.
        token: an access token.
    """

    name: str
    id: str
    password: str
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class School:
    """What is known of a school before its server runs: settings, a database with people in it.

    Args:
        home: the server's working directory.
        env: its settings.
        people: by name.
    """

    home: Path
    env: Mapping[str, str]
    people: Mapping[str, Person]

    @property
    def key(self) -> str:
        return self.env["PUSHER_KEY"]

    def __getitem__(self, name: str) -> Person:
        return self.people[name]


@dataclass(frozen=True, slots=True)
class Open:
    """A school whose server runs."""

    school: School
    server: Serving

    def watching(self, name: str | None = None) -> AbstractAsyncContextManager[Watcher]:
        """A page of this person, or of a stranger."""
        token = None if name is None else self.school[name].token
        return watching(self.server.port, self.school.key, token=token)


def open_school(
    home: Path, *, database_url: str | None = None, names: Sequence[str] = tuple(PEOPLE), **env: str
) -> School:
    """Make the database and its people; nothing runs yet.

    Passwords are slow to hash, so a school in a file is a copy of one in which everybody is.
    """
    if database_url is not None:
        secret = secrets.token_urlsafe(48)
        people = asyncio.run(_people(_settings(database_url, secret), names))
    else:
        file = home / "toolboxai.db"
        database_url = f"sqlite:///{file}"
        first = _first(tuple(PEOPLE) if names else (), time.monotonic() // GOOD_FOR_S)
        file.write_bytes(first.database)
        file.with_suffix(".jobs.db").write_bytes(first.jobs)
        secret, people = first.secret, {name: first.people[name] for name in names}
    return School(home, {**credentials(), **_settings(database_url, secret), **env}, people)


def _settings(database_url: str, secret: str) -> dict[str, str]:
    return {
        "TOOLBOXAI_JWT_SECRET": secret,
        "TOOLBOXAI_DATABASE_URL": database_url,
        "TOOLBOXAI_DRAIN_S": "0",
    }


class _First(NamedTuple):
    database: bytes
    jobs: bytes
    secret: str
    people: Mapping[str, Person]


@lru_cache(maxsize=2)
def _first(names: tuple[str, ...], _age: float) -> _First:
    secret = secrets.token_urlsafe(48)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "first.db"
        people = asyncio.run(_people(_settings(f"sqlite:///{file}", secret), names))
        asyncio.run(prepare_jobs(f"sqlite:///{file}"))
        return _First(_whole(file), _whole(file.with_suffix(".jobs.db")), secret, people)


def _whole(file: Path) -> bytes:
    with closing(sqlite3.connect(file)) as database:
        return database.serialize()


async def _people(env: Mapping[str, str], names: Sequence[str]) -> dict[str, Person]:
    people = {}
    async with identity_for(load_settings(env, purpose=Purpose.TOKENS)) as identity:
        for name in names:
            role, organization = PEOPLE[name]
            password = secrets.token_urlsafe(12)
            user = await identity.create_user(name, role, password, organization=organization)
            people[name] = Person(name, user.id, password, await identity.issue_access_token(name))
    return people


async def own(school: School, name: str, kind: ResourceKind, resource_id: str) -> None:
    """Let somebody have an environment, an agent or a plugin with this id; a server may run meanwhile."""
    async with rooms_on_disk(load_settings(school.env, purpose=Purpose.TOKENS)) as rooms:
        owner = await rooms.identity.user(school[name].id)
        await rooms.resources.add(kind, owner, resource_id=resource_id)


async def publish(opened: Open, channel: str, event: Mapping[str, Any]) -> None:
    """Publish an envelope as an application of the operator's own does, with the official library for servers."""
    env = opened.school.env
    library = pusher.Pusher(
        app_id=env["PUSHER_APP_ID"],
        key=env["PUSHER_KEY"],
        secret=env["PUSHER_SECRET"],
        host="127.0.0.1",
        port=opened.server.port,
        ssl=False,
    )
    await asyncio.to_thread(library.trigger, channel, event["type"], dict(event))


def a_lesson(**changes: Any) -> dict[str, Any]:
    """A teacher's request, with the bundled text."""
    return {
        "subject": "Science",
        "grade_level": "6-8",
        "learning_objectives": ["Explain how clouds form", "Describe evaporation and condensation"],
        "source_text": sample_text(),
        "num_questions": 6,
        **changes,
    }


@asynccontextmanager
async def calls(server: Serving, person: Person | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """HTTP to a server, as somebody."""
    headers = person.bearer if person else {}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=15) as http:
        yield http


async def generate(http: httpx2.AsyncClient, **changes: Any) -> dict[str, Any]:
    """Begin a generation; the answer."""
    answer = await http.post("/api/v1/content/generate", json=a_lesson(**changes))
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == accepted["status_url"]
    return accepted
