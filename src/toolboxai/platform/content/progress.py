"""Measured progress: units of work that were really done."""

from toolboxai.platform.content.model.report import Report

__all__ = ["Progress"]


class Progress:
    """Counts units and reports about a hundred times on the way to ``total``, never backwards.

    Args:
        report: told at once that nothing is done yet.
        total: units of the whole stage; at least 1 is reported.
        message: what is being done, for the teacher.
    """

    def __init__(self, report: Report, total: int, message: str) -> None:
        self._report = report
        self._total = max(1, total)
        self._done = 0
        self._told = 0
        self._message = message
        self._step = max(1, self._total // 100)
        report(0, self._total, message)

    def phase(self, message: str) -> None:
        """From now on something else is being done."""
        self._message = message
        self._tell()

    def advance(self, units: int = 1) -> None:
        """So many more units are done."""
        self._done = min(self._total, self._done + units)
        if self._done - self._told >= self._step:
            self._tell()

    def finish(self, message: str) -> None:
        """All is done."""
        self._done = self._total
        self._message = message
        self._tell()

    def _tell(self) -> None:
        self._told = self._done
        self._report(self._done, self._total, self._message)
