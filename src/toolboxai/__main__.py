"""``toolboxai`` and ``python -m toolboxai``."""

import sys

from toolboxai.cli.main import run

__all__ = ["main"]


def main() -> None:
    """Run the command line and leave with its status."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
