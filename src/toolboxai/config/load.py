"""Environment over file over defaults, with all faults at once."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from toolboxai.config.environment import (
    APP_VARIABLES,
    BESIDE_SETTINGS,
    PREFIX,
    VARIABLES,
    Found,
    read_environment,
)
from toolboxai.config.faults import sentences, suggestion
from toolboxai.config.model import ENVIRONMENT_KID, MAKE_SECRET, Settings
from toolboxai.errors import ConfigError

__all__ = ["DEFAULT_FILE", "Configuration", "Purpose", "load_configuration", "load_settings"]

DEFAULT_FILE = "toolboxai.toml"

_ATTEMPTS = 6  # the depth of the deepest table: a fault there may take out one level at a time


class Purpose(Enum):
    """What the settings are for; it decides what must be there. What is there must be right in any case."""

    SERVE = (True, True)
    CHANNELS_ONLY = (True, False)
    TOKENS = (False, True)
    ANY = (False, False)

    def __init__(self, app: bool, jwt: bool) -> None:
        self.needs_app = app
        self.needs_jwt = jwt


@dataclass(frozen=True, slots=True)
class Configuration:
    """Checked settings and where each came from.

    Args:
        settings: the settings.
        sources: dotted path -> source, for every value that is not a default.
        file: the file that was read, if any.
    """

    settings: Settings
    sources: Mapping[str, str]
    file: Path | None = None

    def source_of(self, path: str) -> str:
        """``environment NAME``, the file's name, ``command line`` or ``default``."""
        steps = path.split(".")
        for length in range(len(steps), 0, -1):
            source = self.sources.get(".".join(steps[:length]))
            if source is not None:
                return source
        inner = [source for place, source in self.sources.items() if place.startswith(f"{path}.")]
        return inner[0] if inner else "default"


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    purpose: Purpose = Purpose.SERVE,
) -> Settings:
    """The settings alone; see `load_configuration`."""
    return load_configuration(environ, file=file, overrides=overrides, purpose=purpose).settings


def load_configuration(
    environ: Mapping[str, str] | None = None,
    *,
    file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    purpose: Purpose = Purpose.SERVE,
) -> Configuration:
    """Read and check all settings.

    Args:
        environ: the environment; the process's own when None.
        file: the file that the caller names; else ``TOOLBOXAI_CONFIG``, else ``toolboxai.toml`` if it is there.
        overrides: dotted path -> value from the command line, which beats all.
        purpose: what must be there.

    Raises:
        ConfigError: every fault of every source, one sentence each.
    """
    environ = os.environ if environ is None else environ
    chosen, faults = _choose_file(environ, file)
    data, file_faults = _read_file(chosen)
    draft = _Draft(data, dict.fromkeys(_paths(data), chosen.name) if chosen else {})
    faults += [*file_faults, *_unknown_variables(environ)]
    for path, found in read_environment(environ, VARIABLES).items():
        if path == "auth.jwt_keys":
            draft.put_jwt_secret(found)
        else:
            draft.put(path, found.value, found.source)
    own = read_environment(environ, APP_VARIABLES)
    faults += draft.put_own_app(own, needed=purpose.needs_app)
    for path, value in (overrides or {}).items():
        draft.put(path, value, "command line")
    if not file_faults:
        faults += _missing(draft.data, purpose, partial=bool(own))
    settings, more = _validate(draft, chosen)
    faults += more
    if faults or settings is None:
        raise ConfigError(faults)
    if "key" in own:
        settings._named_key = own["key"].value
    return Configuration(settings, draft.sources, chosen)


class _Draft:
    """Values as they are gathered, each with its source; later ones win."""

    def __init__(self, data: dict[str, Any], sources: dict[str, str]) -> None:
        self.data = data
        self.sources = sources

    def put(self, path: str, value: Any, source: str) -> None:
        """Set one value. Where the file has something else than a table, that stays for validation to refuse."""
        *tables, name = path.split(".")
        place = self.data
        for table in tables:
            inner = place.setdefault(table, {})
            if not isinstance(inner, dict):
                return
            place = inner
        for old in [known for known in self.sources if known == path or known.startswith(f"{path}.")]:
            del self.sources[old]
        place[name] = value
        self.sources[path] = source

    def put_jwt_secret(self, found: Found) -> None:
        """Join the key of the environment, whose kid is 1, with those of the file.

        It stands where the file lists that kid, else before all others; so a file decides in which order they are.
        """
        path = "auth.jwt_keys"
        auth = self.data.get("auth", {})
        listed = auth.get("jwt_keys", []) if isinstance(auth, dict) else []
        if not listed:
            self.put(path, [{"kid": ENVIRONMENT_KID, "secret": found.value}], found.source)
            return
        if not isinstance(listed, list) or not all(isinstance(key, dict) for key in listed):
            return  # validation says so
        place = next(
            (at for at, key in enumerate(listed) if key.get("kid", ENVIRONMENT_KID) == ENVIRONMENT_KID), None
        )
        if place is None:
            place = 0
            listed.insert(0, {})
        listed[place] = {"kid": ENVIRONMENT_KID, "secret": found.value}
        self.sources[path] = f"{self.sources[path]}, {found.source}"
        self.sources[f"{path}.{place}"] = found.source

    def put_own_app(self, own: Mapping[str, Found], *, needed: bool) -> list[str]:
        """Make the app that the environment names the first; an entry of the file with its id keeps its limits."""
        lacking = [row.names[0] for row in APP_VARIABLES if row.path not in own]
        if lacking:
            has = ", ".join(found.name for found in own.values())
            text = f"{has} is set, but not {' and '.join(lacking)}: set all three, or none and use [[apps]]"
            return [text] if own and needed else []
        apps = self.data.setdefault("apps", [])
        if not isinstance(apps, list) or not all(isinstance(app, dict) for app in apps):
            return []
        same = [index for index, app in enumerate(apps) if str(app.get("id")) == own["id"].value]
        entry = apps.pop(same[0]) if same else {}
        apps.insert(0, entry)
        self._move_sources(same[0] if same else len(apps) - 1)
        for name, found in own.items():
            entry[name] = found.value
            self.sources[f"apps.0.{name}"] = found.source
        if isinstance(entry.get("keys"), list):  # the same key may be one of those that the file rotates
            entry["keys"] = [pair for pair in entry["keys"] if not _is_key(pair, own["key"].value)]
        return []

    def _move_sources(self, place: int) -> None:
        """The entry at `place` became the first, those before it went one on."""

        def moved(path: str) -> str:
            steps = path.split(".")
            if steps[0] == "apps" and len(steps) > 1 and int(steps[1]) <= place:
                steps[1] = "0" if int(steps[1]) == place else str(int(steps[1]) + 1)
            return ".".join(steps)

        self.sources = {moved(path): source for path, source in self.sources.items()}


def _is_key(pair: Any, key: str) -> bool:
    return isinstance(pair, dict) and pair.get("key") == key


def _choose_file(environ: Mapping[str, str], named: Path | None) -> tuple[Path | None, list[str]]:
    by_variable = environ.get("TOOLBOXAI_CONFIG", "").strip()
    wanted = named or (Path(by_variable) if by_variable else None)
    if wanted is None:
        default = Path(DEFAULT_FILE)
        return (default if default.is_file() else None), []
    if not wanted.is_file():
        by = "--config" if named else "TOOLBOXAI_CONFIG"
        return None, [f"{by}: there is no file {str(wanted)!r}; `toolboxai config init` writes one"]
    return wanted, []


def _read_file(file: Path | None) -> tuple[dict[str, Any], list[str]]:
    if file is None:
        return {}, []
    try:
        return tomllib.loads(file.read_text(encoding="utf-8")), []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        return {}, [f"{file.name}: this is not TOML: {fault}"]
    except OSError as fault:
        return {}, [f"{file.name}: it cannot be read: {fault.strerror}"]


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """The dotted path of everything that the file sets; the entries of ``apps`` are counted from 0."""
    if isinstance(value, dict):
        items = [(str(name), inner) for name, inner in value.items()]
    elif path == "apps" and isinstance(value, list):
        items = [(str(index), inner) for index, inner in enumerate(value)]
    else:
        yield path
        return
    for name, inner in items:
        yield from _paths(inner, f"{path}.{name}" if path else name)


def _unknown_variables(environ: Mapping[str, str]) -> list[str]:
    known = {name for row in (*VARIABLES, *APP_VARIABLES) for name in row.names}
    ours = {name for name in known if name.startswith(PREFIX)} | BESIDE_SETTINGS
    strange = sorted(name for name in environ if name.startswith(PREFIX) and name not in ours)
    return [f"{name} in the environment is not a setting{suggestion(name, ours)}" for name in strange]


def _missing(data: dict[str, Any], purpose: Purpose, *, partial: bool) -> Iterator[str]:
    if purpose.needs_app and not data.get("apps") and not partial:
        yield (
            "no app is configured: set PUSHER_APP_ID, PUSHER_KEY and PUSHER_SECRET, or write [[apps]] in the file "
            "(`toolboxai config init` writes one with fresh secrets)"
        )
    auth = data.get("auth", {})
    if purpose.needs_jwt and isinstance(auth, dict) and not auth.get("jwt_keys"):
        yield f"TOOLBOXAI_JWT_SECRET is not set; make one: export TOOLBOXAI_JWT_SECRET=$({MAKE_SECRET})"


def _validate(draft: _Draft, file: Path | None) -> tuple[Settings | None, list[str]]:
    """The settings and their faults. What is at fault is taken out, so that all the rest is checked too."""
    origin = dict(draft.sources)
    if file is not None:
        origin[""] = file.name
    faults: list[str] = []
    rest: dict[str, Any] = draft.data
    for attempt in range(_ATTEMPTS):
        try:
            settings = Settings.model_validate(rest)
        except ValidationError as fault:
            if attempt == 0:  # later ones are echoes of what was taken out
                faults = sentences(fault, Settings, origin)
            rest = _without(rest, [error["loc"] for error in fault.errors()])
        else:
            return settings, faults
    return None, faults


def _without(data: dict[str, Any], places: list[tuple[int | str, ...]]) -> dict[str, Any]:
    """A copy without the values at fault; where a value is missing, without the table that lacks it."""
    rest = deepcopy(data)
    for place in sorted(places, key=lambda steps: [str(step) for step in steps], reverse=True):
        if not _deleted(rest, place):
            _deleted(rest, place[:-1])
    return rest


def _deleted(data: Any, place: tuple[int | str, ...]) -> bool:
    try:
        for step in place[:-1]:
            data = data[step]
        del data[place[-1]]
    except (LookupError, TypeError):  # it went with an earlier fault, or was never there
        return False
    return True
