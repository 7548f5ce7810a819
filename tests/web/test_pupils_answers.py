"""A pupil's answers on their way to the server: none is lost, none is sent twice."""

import subprocess
from pathlib import Path

from pusher_js import node, node_packages


def test_no_answer_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """``answers.mjs`` has the single proofs."""
    bundle = tmp_path / "answers.mjs"
    esbuild, script = node_packages() / "esbuild" / "bin" / "esbuild", Path(__file__).parent / "answers.mjs"
    options = ["--bundle", "--format=esm", "--platform=node", "--log-level=error", f"--outfile={bundle}"]
    subprocess.run([node(), str(esbuild), str(script), *options], check=True)
    done = subprocess.run([node(), str(bundle)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
