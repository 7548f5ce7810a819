"""Scripts of strangers: checked beside the loop, in a process that has bounds and runs nothing."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from small_worlds import small_plan, small_spec
from toolboxai.adapters import luau_check
from toolboxai.adapters.luau_check import LuauCheck
from toolboxai.errors import ProviderUnavailable
from toolboxai.platform.roblox.luau.report import LuauReport, RiskKind, UncheckedScript
from toolboxai.platform.roblox.luau.scripts import scripts

# Stands for a script at which the process breaks off.
DEADLY = "-- deadly"


@pytest.fixture
def check() -> Iterator[LuauCheck]:
    one = LuauCheck()
    yield one
    one.close()


async def test_all_scripts_of_a_world_are_accepted(check: LuauCheck) -> None:
    made = scripts(small_spec(), small_plan())
    reports = await check.check([UncheckedScript(each.source, each.id == "score_reporter") for each in made])
    assert reports == [LuauReport()] * len(made)


async def test_faults_and_risks_come_back_in_order(check: LuauCheck) -> None:
    good, bad, risky = await check.check(
        [UncheckedScript("return 1"), UncheckedScript("\nx = ="), UncheckedScript("\n\nloadstring('x')()")]
    )
    assert good.accepted
    assert [each.line for each in bad.faults] == [2]
    assert [(each.line, each.kind) for each in risky.risks] == [(3, RiskKind.LOADSTRING)]
    assert not bad.accepted
    assert not risky.accepted


async def test_nothing_of_a_script_is_run(check: LuauCheck) -> None:
    (report,) = await check.check([UncheckedScript("while true do end")])
    assert [each.kind for each in report.risks] == [RiskKind.ENDLESS_LOOP]
    assert report.accepted


async def test_the_loop_goes_on_meanwhile(check: LuauCheck) -> None:
    waiting = asyncio.ensure_future(check.check([UncheckedScript("return 1")]))
    turns = 0
    while not waiting.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 100


async def test_a_script_that_ends_the_process_is_told_and_those_behind_it_are_checked(
    check: LuauCheck, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = luau_check.LuauCheck._run

    def breaking(self: LuauCheck, waiting: list[UncheckedScript]) -> tuple[list[LuauReport], str]:
        alive = next((at for at, each in enumerate(waiting) if each.source == DEADLY), len(waiting))
        return real(self, waiting[:alive])[0], "-9"

    monkeypatch.setattr(luau_check.LuauCheck, "_run", breaking)
    with caplog.at_level(logging.WARNING):
        good, deadly, bad = await check.check(
            [UncheckedScript(each) for each in ("return 1", DEADLY, "x = =")]
        )
    assert good.accepted
    assert "nothing could read this script" in deadly.faults[0].message
    assert "Expected identifier" in bad.faults[0].message
    assert "was ended by one" in caplog.text


async def test_no_scripts_need_no_process(check: LuauCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert await check.check([]) == []


async def test_a_server_that_ends_takes_no_more(check: LuauCheck) -> None:
    check.close()
    with pytest.raises(ProviderUnavailable, match="is ending"):
        await check.check([UncheckedScript("return 1")])


@pytest.mark.parametrize(
    ("program", "told"),
    [("pass", "installs toolboxai\\[roblox\\]"), ("raise SystemExit(3)", "try again")],
)
async def test_a_process_that_does_not_begin_is_no_fault_of_the_script(
    check: LuauCheck, monkeypatch: pytest.MonkeyPatch, program: str, told: str
) -> None:
    real = subprocess.Popen

    def other(_command: list[str], **options: object) -> object:
        return real([sys.executable, "-c", program], **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", other)
    with pytest.raises(ProviderUnavailable, match=told):
        await check.check([UncheckedScript("return 1")])
