"""A module with React and all else that it imports, as one script for a page."""

import subprocess
from pathlib import Path

from pusher_js import node, node_packages

__all__ = ["bundled"]


def bundled(folder: Path, entry: str) -> str:
    """The script, made by esbuild.

    Args:
        folder: in which the entry comes to stand; it may import what is there, and the packages of package-lock.json.
        entry: text of a module, with JSX.
    """
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(node_packages())
    (folder / "entry.jsx").write_text(entry, encoding="utf-8")
    esbuild = node_packages() / "esbuild" / "bin" / "esbuild"
    options = ["--bundle", "--jsx=automatic", "--charset=utf8", "--log-level=warning"]
    done = subprocess.run(
        [node(), esbuild, "entry.jsx", *options], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.replace("</script", r"<\/script")
