"""The distribution of the client alone: built from the tree, installed into an empty environment, at a real server."""

import ast
import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pusher
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from server_process import PASSED_ON, ROOT
from toolboxai import __version__
from toolboxai.app import running
from toolboxai.config import Purpose, load_settings

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("client-wheel")]

SOURCE = ROOT / "clients" / "python"
UV = ROOT / ".tools" / "bin" / "uv"
DIST_INFO = f"toolboxai_client-{__version__}.dist-info"
LICENSE = "toolboxai/client/LICENSE"

PROGRAM = """
import asyncio, hashlib, hmac, importlib.metadata, importlib.util, json, sys
from toolboxai.client import connect, connect_sync

url, key, secret = sys.argv[1:]

def sign(channel, socket_id):
    return f"{key}:{hmac.new(secret.encode(), f'{socket_id}:{channel}'.encode(), hashlib.sha256).hexdigest()}"

async def with_asyncio():
    async with connect(url, key, signer=sign) as alice, connect(url, key, signer=sign) as bob:
        hers, his = await alice.subscribe("private-room"), await bob.subscribe("private-room")
        hers.trigger("client-hello", {"n": 1})
        async for data in his.of("client-hello"):
            return data

def without():
    with connect_sync(url, key, signer=sign) as alice, connect_sync(url, key, signer=sign) as bob:
        hers, his = alice.subscribe("private-room"), bob.subscribe("private-room")
        hers.trigger("client-hello", {"n": 2})
        return next(his.of("client-hello"))

from toolboxai.client.testing import FakeServer
print(json.dumps({
    "heard": [asyncio.run(with_asyncio()), without()],
    "installed": sorted(each.name.lower() for each in importlib.metadata.distributions()),
    "server": [name for name in ("web", "channels", "platform", "adapters", "transport", "hub", "config", "app", "__main__")
               if importlib.util.find_spec("toolboxai." + name)],
    "fake": FakeServer().subscribers("x"),
}))
"""


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    passed_on = {name: os.environ[name] for name in PASSED_ON}
    whole = {"PATH": os.defpath, "HOME": os.environ.get("HOME", str(cwd)), **passed_on, **(env or {})}
    done = subprocess.run(command, cwd=cwd, env=whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dist = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist, cwd=SOURCE)
    (built,) = dist.glob("*.whl")
    return built


def imported(file: Path) -> set[str]:
    """The modules of the package that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return {name for name in found if name.partition(".")[0] == "toolboxai"}


def file_of(module: str) -> Path | None:
    place = ROOT / "src" / module.replace(".", "/")
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def needed() -> set[str]:
    """The client's files and all that they import, packages above them included."""
    waiting = sorted((ROOT / "src/toolboxai/client").glob("*.py"))
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        parents = [file.parent, *file.parent.parents]
        waiting += [each / "__init__.py" for each in parents if (each / "__init__.py").is_file()]
        waiting += [each for name in imported(file) if (each := file_of(name)) is not None]
    return {file.relative_to(ROOT / "src").as_posix() for file in found}


def test_in_it_is_what_the_client_needs_and_nothing_else_byte_for_byte(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.startswith(DIST_INFO)}
        assert held == needed() | {"toolboxai/py.typed", LICENSE}
        for name in held - {LICENSE}:
            assert archive.read(name) == (ROOT / "src" / name).read_bytes()
        assert archive.read(LICENSE) == (ROOT / "LICENSE").read_bytes()


def test_it_asks_for_what_the_whole_package_asks_for_at_most() -> None:
    def requirements(file: Path, extra: str) -> tuple[set[str], set[str]]:
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        return set(project["dependencies"]), set(project["optional-dependencies"][extra])

    for ours, whole in zip(
        requirements(SOURCE / "pyproject.toml", "encrypted"),
        requirements(ROOT / "pyproject.toml", "encrypted"),
        strict=True,
    ):
        assert ours <= whole


def with_dependencies(names: set[str]) -> set[str]:
    """These distributions and what they require, as they are installed here."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        asked = [Requirement(each) for each in distribution(name).requires or ()]
        waiting |= {each.name for each in asked if each.marker is None or each.marker.evaluate({"extra": ""})}
    return found


def locked(names: set[str]) -> str:
    """Their lines of the lock, with hashes."""
    lock = (ROOT / "requirements" / "core.lock").read_text(encoding="utf-8")
    entries = re.findall(r"^[a-z0-9][^\n]*\\\n(?: +--hash[^\n]*\n)+", lock, re.MULTILINE)
    return "".join(each for each in entries if canonicalize_name(re.split(r"[=\[ ]", each)[0]) in names)


async def test_in_an_empty_environment_it_speaks_to_a_real_server_and_has_nothing_of_one(
    wheel: Path, tmp_path: Path
) -> None:
    asked = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = with_dependencies({Requirement(each).name for each in asked})
    lock, venv = tmp_path / "client.lock", tmp_path / "venv"
    lock.write_text(locked(names), encoding="utf-8")
    if UV.exists():
        uv = {"VIRTUAL_ENV": str(venv), "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "true"}
        run(UV, "venv", "-q", "--python", sys.executable, venv, cwd=tmp_path, env=uv)
        run(UV, "pip", "sync", "-q", "--require-hashes", lock, cwd=tmp_path, env=uv)
        run(UV, "pip", "install", "-q", "--no-deps", "--no-index", wheel, cwd=tmp_path, env=uv)
        run(UV, "pip", "check", cwd=tmp_path, env=uv)
    else:
        run(sys.executable, "-m", "venv", venv, cwd=tmp_path)
        run(venv / "bin/pip", "install", "-q", "--require-hashes", "-r", lock, cwd=tmp_path)
        run(venv / "bin/pip", "install", "-q", "--no-deps", "--no-index", wheel, cwd=tmp_path)
        run(venv / "bin/pip", "check", cwd=tmp_path)
    environ = {"PUSHER_APP_ID": "3", "PUSHER_KEY": "key", "PUSHER_SECRET": "secret", "TOOLBOXAI_DRAIN_S": "0"}
    settings = load_settings(environ, overrides={"server.port": 0}, purpose=Purpose.CHANNELS_ONLY)
    async with running(settings, channels_only=True) as server:
        program = (venv / "bin/python", "-I", "-c", PROGRAM, server.url, "key", "secret")
        readme = (SOURCE / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
        example = readme.replace("http://127.0.0.1:8009", server.url).replace("app-key", "key")
        host, port = server.url.removeprefix("http://").split(":")
        library = pusher.Pusher("3", "key", "secret", host=host, port=int(port), ssl=False)
        await asyncio.to_thread(library.trigger, "cache-weather", "changed", "rain")
        weather = await asyncio.to_thread(run, venv / "bin/python", "-I", "-c", example, cwd=tmp_path)
        said = json.loads(await asyncio.to_thread(run, *program, cwd=tmp_path))
    assert weather == "changed rain\n"
    assert said["heard"] == [{"n": 1}, {"n": 2}]
    assert said["server"] == []
    assert said["fake"] == 0
    assert set(map(canonicalize_name, said["installed"])) - {"pip", "setuptools"} == names | {
        "toolboxai-client"
    }
