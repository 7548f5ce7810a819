"""The samples of deploy/ for nginx and Caddy, run as they stand but for addresses and the files of the certificate."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from certificates import Files
from server_process import ROOT

__all__ = ["Proxy", "behind_caddy", "behind_nginx", "debian_program", "free_port", "library_path"]

DEPLOY = ROOT / "deploy"
DEBIAN = ROOT / ".tools" / "debian"
STARTS_WITHIN_S = 15.0

# What Debian's own nginx.conf does around a file of conf.d; nobody's folders but the test's are written to.
AROUND_NGINX = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/proxy.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/toolboxai.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that listens.

    Args:
        port: with TLS.
        upstream: where it looks for the server; nobody listens there yet.
        files: of its certificate.
    """

    port: int
    upstream: int
    files: Files


def debian_program(path: str) -> str:
    """A program of a Debian package that is unpacked; without it the test is left out aloud, and in CI it fails."""
    program = DEBIAN / path
    if not (DEBIAN / ".unpacked").exists() or not program.exists():
        missing = f"LEFT OUT: {path} of Debian's packages is not there; run: scripts/test-tools"
        if os.environ.get("CI", "false") not in ("", "false"):
            pytest.fail(missing)
        pytest.skip(missing)
    return str(program)


def library_path() -> str:
    """Where the libraries are that were unpacked with the programs."""
    found = {file.parent for top in ("lib", "usr/lib") for file in (DEBIAN / top).rglob("*.so*")}
    return ":".join(sorted(map(str, found)))


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _replaced(sample: str, changes: Mapping[str, str]) -> str:
    """The sample with these changes; each has to be of something that stands there."""
    text = (DEPLOY / sample).read_text(encoding="utf-8")
    for what, instead in changes.items():
        assert what in text, f"{what!r} does not stand in deploy/{sample}"
        text = text.replace(what, instead)
    return text


@contextmanager
def behind_nginx(folder: Path, files: Files) -> Iterator[Proxy]:
    """The sample for nginx."""
    program = debian_program("usr/sbin/nginx")
    proxy = Proxy(free_port(), free_port(), files)
    changes = {
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ": f"listen 127.0.0.1:{proxy.port} ",
        "server_name school.example;": "server_name 127.0.0.1;",
        "127.0.0.1:8009": f"127.0.0.1:{proxy.upstream}",
        "/etc/toolboxai/certificate.pem": str(files.certificate),
        "/etc/toolboxai/key.pem": str(files.key),
    }
    (folder / "toolboxai.conf").write_text(_replaced("nginx.conf", changes))
    user = "user root;" if os.getuid() == 0 else ""  # else it would drop to one who may not enter our folder
    (folder / "nginx.conf").write_text(AROUND_NGINX.format(folder=folder, user=user))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")]
    with _running(command, folder, proxy):
        yield proxy


@contextmanager
def behind_caddy(folder: Path, files: Files) -> Iterator[Proxy]:
    """The sample for Caddy."""
    program = debian_program("usr/bin/caddy")
    proxy = Proxy(free_port(), free_port(), files)
    changes = {
        # On loopback alone, and without its own port for orders, which two tests cannot share.
        "http_port 80\n": f"default_bind 127.0.0.1\n\tadmin off\n\thttp_port {free_port()}\n",
        "https_port 443\n": f"https_port {proxy.port}\n",
        "# tls /etc/toolboxai/certificate.pem /etc/toolboxai/key.pem": f"tls {files.certificate} {files.key}",
        "school.example}": "127.0.0.1, test}",  # as the tests call it
        "127.0.0.1:8009": f"127.0.0.1:{proxy.upstream}",
    }
    (folder / "Caddyfile").write_text(_replaced("Caddyfile", changes))
    with _running([program, "run", "--config", str(folder / "Caddyfile")], folder, proxy):
        yield proxy


@contextmanager
def _running(command: list[str], folder: Path, proxy: Proxy) -> Iterator[None]:
    environ = {"PATH": os.defpath, "HOME": str(folder), "LD_LIBRARY_PATH": library_path()}
    log = folder / "output.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
    try:
        _until_it_listens(process, proxy.port, folder)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_it_listens(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    """They have no word for it in common: ask until somebody answers."""
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    said = "\n".join(file.read_text() for file in sorted(folder.glob("*.log")))
    pytest.fail(f"the proxy does not listen: {said}")
