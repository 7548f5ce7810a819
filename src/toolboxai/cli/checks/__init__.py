"""The checks of ``doctor``, each a small function that gives findings: what is so, and what to do about it."""

from toolboxai.cli.checks.examine import examine
from toolboxai.cli.checks.finding import Finding, Verdict

__all__ = ["Finding", "Verdict", "examine"]
