"""The two C programs, compiled when gcc is there."""

import shutil
import subprocess
from pathlib import Path

SOURCES = Path(__file__).parent / "c"
BUILD = Path(__file__).parent / "build"


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
    command = [gcc, "-O2", "-Wall", "-Wextra", "-o", str(program), str(SOURCES / f"{name}.c")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise CannotCompile(f"gcc could not compile {name}.c: {done.stderr.strip()[-500:]}")
    return program
