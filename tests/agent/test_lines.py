"""What a worker that is a program of its own writes."""

import logging

import pytest

from toolboxai.agent.lines import log_to_stderr

log = logging.getLogger("toolboxai.agent")


def nothing_set_up(monkeypatch: pytest.MonkeyPatch) -> list[logging.Handler]:
    """The logger as in a program without a logging; called within a test, as pytest attaches its own before that."""
    handlers: list[logging.Handler] = []
    monkeypatch.setattr(log, "propagate", False)
    monkeypatch.setattr(log, "handlers", handlers)
    monkeypatch.setattr(log, "level", logging.NOTSET)
    return handlers


def test_a_line_has_its_facts_beside_it_and_no_token(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = nothing_set_up(monkeypatch)
    log_to_stderr()
    log_to_stderr()  # once is enough
    try:
        raise OSError("Bearer abc.def")
    except OSError:
        log.warning("no task could be claimed", extra={"again_in_s": 4}, exc_info=True)
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith(" WARNING toolboxai.agent: no task could be claimed again_in_s=4")
    assert said[1] == "Traceback (most recent call last):"
    assert said[-1] == "OSError: Bearer ********"
    assert len(handlers) == 1


def test_a_program_with_a_logging_of_its_own_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers = nothing_set_up(monkeypatch)
    mine = logging.NullHandler()
    handlers.append(mine)
    log_to_stderr()
    assert handlers == [mine]
