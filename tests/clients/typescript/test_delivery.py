"""What people install: types for both resolutions, both kinds of module, its size, and an empty project that has it."""

import gzip
import json
import os
import runpy
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from clients.conftest import SOURCE, Built
from pusher_js import node, node_packages
from server_process import PASSED_ON, ROOT
from toolboxai import __version__

pytestmark = [pytest.mark.peers, pytest.mark.timeout(90), pytest.mark.xdist_group("typescript")]

HERE = Path(__file__).parent
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "write_typescript_messages.py"), run_name="writing")
MOST_BYTES = 12_000
OPTIONS = {
    "target": "ES2022",
    "lib": ["ES2022", "DOM"],
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noEmit": True,
    "types": [],
    "skipLibCheck": False,
}


def bundle(built: Built, text: str, *options: str) -> str:
    """A module with all that it imports but for its peers, minified."""
    entry = built.place("entry.mjs", text)
    esbuild = node_packages() / "esbuild" / "bin" / "esbuild"
    peers = ["--external:pusher-js", "--external:react"]
    return built.run(esbuild, entry, "--bundle", "--minify", "--format=esm", *peers, *options)


def test_the_messages_are_written_as_the_registry_is() -> None:
    written = SCRIPT["FILE"].read_text(encoding="utf-8")
    assert written == SCRIPT["written"](), "run: .venv-dev/bin/python scripts/write_typescript_messages.py"


def test_the_package_has_the_servers_version_and_is_built_with_what_the_tests_have() -> None:
    package = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))
    ours = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert package["version"] == __version__
    assert package["devDependencies"] == {name: ours[name] for name in package["devDependencies"]}


@pytest.mark.parametrize(
    ("module", "resolution", "files"),
    [("ESNext", "bundler", ["types.ts"]), ("NodeNext", "NodeNext", ["types.ts", "types.cts"])],
    ids=["bundler", "node"],
)
def test_types_are_accepted_and_refused_as_they_should(
    built: Built, module: str, resolution: str, files: list[str]
) -> None:
    built.place("types.ts", (HERE / "types.ts").read_text(encoding="utf-8"))
    # For `require` there are types of their own.
    built.place("types.cts", 'import { connect } from "toolboxai-client";\nconnect({ url: "" }).close();\n')
    options = {**OPTIONS, "module": module, "moduleResolution": resolution}
    config = built.place(
        f"tsconfig.{resolution}.json", json.dumps({"compilerOptions": options, "files": files})
    )
    assert built.run(node_packages() / "typescript" / "bin" / "tsc", "-p", config) == ""


@pytest.mark.parametrize("part", ["toolboxai-client", "toolboxai-client/react", "toolboxai-client/testing"])
def test_all_of_it_is_small(built: Built, part: str) -> None:
    whole = bundle(built, f'import * as all from "{part}"; console.log(all);')
    assert 1000 < len(gzip.compress(whole.encode())) < MOST_BYTES


def test_what_is_not_used_is_left_out(built: Built) -> None:
    little = bundle(built, 'import { connect } from "toolboxai-client"; connect({ url: "" });')
    assert "Max reconnection attempts" not in little
    assert "ConnectionClosed" in little
    one = bundle(built, 'import { useConnectionState } from "toolboxai-client/react"; useConnectionState();')
    assert len(one) < 1500
    nothing = bundle(built, 'import "toolboxai-client"; import "toolboxai-client/react";')
    assert nothing.strip() == ""


def test_both_kinds_of_module_have_the_same_names(built: Built) -> None:
    parts = ["toolboxai-client", "toolboxai-client/react", "toolboxai-client/testing"]
    names = "Object.keys(all).filter((name) => !['default', 'module.exports'].includes(name)).sort().join()"
    imported = f"for (const part of {parts}) {{ const all = await import(part); console.log({names}); }}"
    required = f"for (const part of {parts}) {{ const all = require(part); console.log({names}); }}"
    found = built.run(built.place("names.mjs", imported))
    assert found == built.run(built.place("names.cjs", required))
    assert [line.partition(",")[0] for line in found.splitlines()] == [
        "Channel",
        "RealtimeProvider",
        "FakeServer",
    ]


def npm(*words: str | Path, cwd: Path) -> str:
    """npm, without a network where nothing has to come from it."""
    found = shutil.which("npm")
    command: list[str | Path] = (
        [found]
        if found
        else [node(), Path(node()).resolve().parents[1] / "lib/node_modules/npm/bin/npm-cli.js"]
    )
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd),
        **{name: os.environ[name] for name in PASSED_ON},
        "npm_config_update_notifier": "false",
    }
    done = subprocess.run([*command, *words], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_empty_project_that_installs_the_packed_package_can_use_it(built: Built, tmp_path: Path) -> None:
    shutil.copy(SOURCE / "README.md", built.package)
    (packed,) = json.loads(npm("pack", built.package, "--json", "--ignore-scripts", cwd=tmp_path))
    tarball = tmp_path / packed["filename"]
    with tarfile.open(tarball) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
    assert {"package.json", "README.md", "dist/esm/index.js", "dist/cjs/react/index.d.ts"} <= names
    assert [name for name in names if not name.startswith(("dist/", "README", "package.json"))] == []
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text("{}")
    modules = node_packages()
    peers = [modules / name for name in ("pusher-js", "tweetnacl")]
    npm("install", "--offline", "--no-audit", "--no-fund", "--install-links", tarball, *peers, cwd=project)
    assert sorted(each.name for each in (project / "node_modules").iterdir() if each.name[0] != ".") == [
        "pusher-js",
        "toolboxai-client",
        "tweetnacl",
    ]
    use = 'const { connect } = require("toolboxai-client"); const c = connect({ url: "http://127.0.0.1:1", maxAttempts: 0,'
    told = use + " onGiveUp: (fault) => console.log(fault.name, fault instanceof Error) });"
    (project / "use.cjs").write_text(told)
    done = subprocess.run(
        [node(), "use.cjs"], cwd=project, capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.stdout, done.returncode) == ("GaveUp true\n", 0), done.stderr
