"""A wheel built from the tree: everything that is tracked is in it, and it serves in an environment of its own."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pusher
import pytest

from server_process import PASSED_ON, ROOT, credentials, serving
from toolboxai import __version__
from toolboxai.client import connect

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("wheel")]

UV = ROOT / ".tools" / "bin" / "uv"
INSTALL_ENV = {name: os.environ[name] for name in PASSED_ON}


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    whole = {"PATH": os.defpath, "HOME": os.environ.get("HOME", str(cwd)), **INSTALL_ENV, **(env or {})}
    done = subprocess.run(command, cwd=cwd, env=whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dist = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist, cwd=ROOT)
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel_of_the_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once more, from the source archive."""
    dist = tmp_path_factory.mktemp("archive")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", dist, cwd=ROOT)
    (archive,) = dist.glob("*.tar.gz")
    run("tar", "-xzf", archive, cwd=dist)
    (tree,) = (path for path in dist.iterdir() if path.is_dir())
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist, cwd=tree)
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the locked requirements and this wheel; the tree is not on its path."""
    home = tmp_path_factory.mktemp("environment")
    venv = home / "venv"
    lock = ROOT / "requirements" / "core.lock"
    if UV.exists():
        uv = {"VIRTUAL_ENV": str(venv), "UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "true"}
        run(UV, "venv", "-q", "--python", sys.executable, venv, cwd=home, env=uv)
        run(UV, "pip", "sync", "-q", "--require-hashes", lock, cwd=home, env=uv)
        run(UV, "pip", "install", "-q", "--no-deps", "--no-index", wheel, cwd=home, env=uv)
    else:
        run(sys.executable, "-m", "venv", venv, cwd=home)
        run(venv / "bin/pip", "install", "-q", "--require-hashes", "-r", lock, cwd=home)
        run(venv / "bin/pip", "install", "-q", "--no-deps", "--no-index", wheel, cwd=home)
    return venv


def test_the_wheel_holds_every_tracked_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    listed = run("git", "ls-files", "src/toolboxai", cwd=ROOT).split()
    paths = [
        path
        for name in listed
        for path in ((ROOT / name).rglob("*") if (ROOT / name).is_dir() else [ROOT / name])
    ]
    tracked = {path.relative_to(ROOT / "src").as_posix() for path in paths if path.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        entry_points = archive.read(f"toolboxai-{__version__}.dist-info/entry_points.txt").decode()
    assert tracked - held == set()
    surplus = {name for name in held - tracked if not name.startswith(f"toolboxai-{__version__}.dist-info/")}
    untracked = run("git", "ls-files", "--others", "--exclude-standard", "src/toolboxai", cwd=ROOT).split()
    assert surplus - {name.removeprefix("src/") for name in untracked} == set()
    assert f"toolboxai-{__version__}.dist-info/licenses/LICENSE" in held
    assert "toolboxai = toolboxai.__main__:main" in entry_points


def test_the_source_archive_gives_the_same_wheel(wheel: Path, wheel_of_the_archive: Path) -> None:
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(wheel_of_the_archive) as theirs:
        assert set(theirs.namelist()) == set(ours.namelist())


@pytest.mark.parametrize(
    "file",
    [
        "py.typed",
        "platform/content/samples/water_cycle.md",
        "adapters/database/versions/",
        "platform/content/language/data/",
    ],
)
def test_the_wheel_holds_more_than_code(wheel: Path, file: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in archive.namelist() if name.startswith(f"toolboxai/{file}")]


def test_the_wheel_holds_the_documentation_as_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for page in (ROOT / "docs").rglob("*.md"):
            name = page.relative_to(ROOT / "docs").as_posix()
            assert archive.read(f"toolboxai/web/docs/{name}") == page.read_bytes()


async def test_installed_alone_it_serves_channels(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "bin/python", "-c", "import toolboxai; print(toolboxai.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed)
    app = credentials()
    command = [str(installed / "bin/toolboxai"), "serve", "--channels-only", "--port", "0"]
    with serving(command, cwd=tmp_path, env=app) as server:
        async with connect(server.url, app["PUSHER_KEY"]) as client:
            channel = await client.subscribe("news")
            publisher = pusher.Pusher(
                app_id=app["PUSHER_APP_ID"],
                key=app["PUSHER_KEY"],
                secret=app["PUSHER_SECRET"],
                host="127.0.0.1",
                port=server.port,
                ssl=False,
            )
            publisher.trigger("news", "headline", "from a wheel")
            async for event in channel:
                assert event.data == "from a wheel"
                break


def test_installed_alone_it_sets_up_a_database(installed: Path, tmp_path: Path) -> None:
    said = run(installed / "bin/toolboxai", "db", "upgrade", "--json", cwd=tmp_path)
    assert '"current"' in said
    assert (tmp_path / "toolboxai.db").exists()
