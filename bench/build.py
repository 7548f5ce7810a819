"""The programs in C, compiled when gcc is there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parent / "c"
BUILD = Path(__file__).parent / "build"
COMPILE_S = 120.0


class CannotCompile(Exception):
    """No gcc, or it refused; the text says which."""


def compile_program(name: str, build: Path = BUILD) -> Path:
    """Compile ``c/<name>.c`` unless the program is newer than every source; returns its path.

    Raises:
        CannotCompile: the bench goes on without what this program measures, and says so.
    """
    program = build / name
    newest = max(source.stat().st_mtime for source in SOURCES.iterdir())
    if program.exists() and program.stat().st_mtime > newest:
        return program
    gcc = shutil.which("gcc")
    if gcc is None:
        raise CannotCompile("gcc is not installed; on Debian: sudo apt-get install -y gcc libc6-dev")
    build.mkdir(exist_ok=True)
    part = (
        build / f"{name}.{os.getpid()}"
    )  # another bench may be about to start the program: it is whole at any time
    command = [gcc, "-O2", "-Wall", "-Wextra", "-o", str(part), str(SOURCES / f"{name}.c")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_S, check=False)
        if done.returncode:
            raise CannotCompile(f"gcc could not compile {name}.c: {done.stderr.strip()[-500:]}")
        part.replace(program)
    except subprocess.TimeoutExpired:
        raise CannotCompile(f"gcc was not done with {name}.c after {COMPILE_S:.0f} s") from None
    finally:
        part.unlink(missing_ok=True)
    return program


def generator_program(name: str) -> list[str]:
    """Command line of ``c/<name>.c``, or of ``py<name>.py`` where that cannot be compiled; it is said then."""
    try:
        return [str(compile_program(name))]
    except CannotCompile as reason:
        print(f"NO C PROGRAM: {reason}\nThe generator in Python takes its place.", flush=True)
        return [sys.executable, "-m", f"bench.py{name}"]
