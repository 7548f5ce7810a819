"""The engine in processes of its own: the same results, and nothing left of it."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from content_runs import water_request
from editions import made as water_cycle
from own_processes import own_processes
from toolboxai.adapters.engine_process import EngineProcesses
from toolboxai.errors import ContentFailed, ProviderUnavailable, ResourceNotFound, SourceTooShort
from toolboxai.platform.content.engine import OfflineEngine
from toolboxai.platform.content.model.package import Audience, Package
from toolboxai.platform.content.model.report import Report
from toolboxai.platform.content.run.engine_calls import EngineCalls
from toolboxai.platform.content.run.stage_work import ContentEngine, EngineLost


@pytest.fixture
def engine() -> Iterator[EngineProcesses]:
    engine = EngineProcesses(processors=2)
    yield engine
    engine.close()
    assert workers() == []


def workers() -> list[int]:
    return own_processes("engine_worker")


def silent(_done: int, _total: int, _message: str) -> None:
    """Nobody listens."""


def whole(engine: ContentEngine, report: Report = silent) -> Package:
    request = water_request()
    analysis = engine.analyse(request, report)
    lesson = engine.lesson(request, analysis, report)
    quiz = engine.quiz(request, analysis, lesson, report)
    return engine.package(request, analysis, lesson, quiz, "content_1", report)


def test_it_makes_what_the_engine_makes_and_tells_of_its_progress(engine: EngineProcesses) -> None:
    here: list[tuple[int, int, str]] = []
    there: list[tuple[int, int, str]] = []
    made = whole(engine, lambda *progress: there.append(progress))
    assert made == whole(OfflineEngine(), lambda *progress: here.append(progress))
    assert there == here
    assert len(workers()) == 1  # the same one for every stage


def test_what_a_text_offers_is_the_same_in_a_process_of_its_own(engine: EngineProcesses) -> None:
    text = water_request().source_text
    assert engine.propose(text, None, silent) == OfflineEngine().propose(text, None, silent)
    with pytest.raises(SourceTooShort):
        engine.propose("Too short. Really.", None, silent)


def test_a_request_that_is_refused_is_refused_in_the_same_words(engine: EngineProcesses) -> None:
    request = water_request(source_text="Too short. Really.")
    with pytest.raises(SourceTooShort) as here:
        OfflineEngine().analyse(request, silent)
    with pytest.raises(SourceTooShort) as there:
        engine.analyse(request, silent)
    assert (there.value.message, there.value.details) == (here.value.message, here.value.details)


def test_a_stage_that_is_given_up_ends_at_once_and_the_next_one_works(engine: EngineProcesses) -> None:
    class GivenUp(Exception):
        pass

    def report(_done: int, _total: int, _message: str) -> None:
        raise GivenUp

    with pytest.raises(GivenUp):
        engine.analyse(water_request(), report)
    assert workers() == []
    assert engine.analyse(water_request(), silent).concepts_identified > 0


def test_a_worker_that_was_killed_fails_its_stage_and_the_next_one_works(engine: EngineProcesses) -> None:
    def report(_done: int, _total: int, _message: str) -> None:
        for worker in workers():
            os.kill(worker, signal.SIGKILL)

    with pytest.raises(EngineLost, match="ended with status -9"):
        engine.analyse(water_request(source_text=water_request().source_text * 20), report)
    assert engine.analyse(water_request(), silent).concepts_identified > 0


@pytest.mark.parametrize("kills", [1, 2])
async def test_who_waits_for_a_part_gets_it_from_a_new_worker_or_is_asked_to_come_again(
    engine: EngineProcesses, kills: int
) -> None:
    document, killed = water_cycle().document, list[int]()

    def report(_done: int, _total: int, _message: str) -> None:
        for worker in workers():
            if worker not in killed and len(killed) < kills:
                os.kill(worker, signal.SIGKILL)
                killed.append(worker)

    calls = EngineCalls(engine)
    made = calls.run("anna", lambda engine: engine.another_question(document, "q1", 7, report))
    if kills == 1:
        assert await made == OfflineEngine().another_question(document, "q1", 7, silent)
    else:
        with pytest.raises(ProviderUnavailable) as refused:
            await made
        assert refused.value.retry_after_s == 5
    assert len(killed) == kills
    await calls.close()


def test_a_worker_that_was_killed_while_it_had_nothing_to_do_harms_nobody(engine: EngineProcesses) -> None:
    engine.analyse(water_request(), silent)
    (worker,) = workers()
    os.kill(worker, signal.SIGKILL)
    os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)  # until it has ended
    assert engine.analyse(water_request(), silent).concepts_identified > 0


def _hang(_done: int, _total: int, _message: str) -> None:
    for worker in workers():
        os.kill(worker, signal.SIGSTOP)


def test_a_stage_that_hangs_without_a_report_ends_with_a_timeout() -> None:
    engine = EngineProcesses(stage_limit_s=1.0)
    with pytest.raises(ContentFailed) as fault:
        engine.analyse(water_request(source_text=water_request().source_text * 20), _hang)
    assert (fault.value.error_code, fault.value.retryable) == ("GENERATION_TIMEOUT", True)
    assert workers() == []
    engine.close()


def test_closing_ends_a_stage_that_hangs(engine: EngineProcesses) -> None:
    hangs = threading.Event()
    faults: list[Exception] = []

    def report(*progress: object) -> None:
        _hang(0, 1, "")
        hangs.set()

    def work() -> None:
        try:
            engine.analyse(water_request(source_text=water_request().source_text * 20), report)
        except RuntimeError as fault:
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    assert hangs.wait(10)
    engine.close()
    thread.join(10)
    assert "ended with status -9" in str(faults[0])
    with pytest.raises(RuntimeError, match="closed"):
        engine.analyse(water_request(), silent)


def test_a_worker_imports_nothing_from_the_folder_that_the_server_runs_in(
    engine: EngineProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    assert engine.analyse(water_request(), silent).concepts_identified > 0


def test_a_fault_of_the_engine_is_told_with_its_trace(engine: EngineProcesses) -> None:
    request = water_request()
    analysis = engine.analyse(request, silent)
    broken = type(analysis)(
        **{name: getattr(analysis, name) for name in analysis.__struct_fields__} | {"sentences": ()}
    )
    with pytest.raises(RuntimeError, match="Traceback"):
        engine.lesson(request, broken, silent)
    assert engine.analyse(request, silent) == analysis


def test_two_stages_run_at_once_in_two_workers(engine: EngineProcesses) -> None:
    both = threading.Barrier(2, timeout=10)
    met = [threading.Event(), threading.Event()]

    def work(mine: threading.Event) -> None:
        def report(_done: int, _total: int, _message: str) -> None:
            if not mine.is_set():
                both.wait()
                mine.set()

        engine.analyse(water_request(), report)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in met]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert all(mine.is_set() for mine in met)
    assert len(workers()) == 2


def test_more_stages_than_processors_wait_say_so_and_can_be_given_up_and_no_file_waits_for_them() -> None:
    engine = EngineProcesses(processors=1)
    runs, go = threading.Event(), threading.Event()
    told: list[tuple[int, int, str]] = []

    class GivenUp(Exception):
        pass

    def held(_done: int, _total: int, _message: str) -> None:
        runs.set()
        assert go.wait(10)

    def waits(done: int, total: int, message: str) -> None:
        told.append((done, total, message))
        raise GivenUp

    first = threading.Thread(target=engine.analyse, args=(water_request(), held))
    first.start()
    assert runs.wait(10)
    with pytest.raises(GivenUp):
        engine.analyse(water_request(), waits)
    assert told == [(0, 0, "Waiting for a processor")]
    assert engine.render(water_cycle().document, "md", Audience.STUDENT).content
    go.set()
    first.join(10)
    assert engine.analyse(water_request(), silent).concepts_identified > 0
    engine.close()
    assert workers() == []


def test_no_secret_of_ours_is_in_a_workers_environment(
    engine: EngineProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLBOXAI_JWT_SECRET", "not-for-workers")
    engine.analyse(water_request(), silent)
    (worker,) = workers()
    assert b"not-for-workers" not in Path(f"/proc/{worker}/environ").read_bytes()


def test_files_and_parts_made_anew_are_those_of_the_engine(engine: EngineProcesses) -> None:
    document, own = water_cycle().document, OfflineEngine()
    assert engine.render(document, "md", Audience.STUDENT) == own.render(document, "md", Audience.STUDENT)
    with pytest.raises(ResourceNotFound, match="there is no 'odt'"):
        engine.render(document, "odt", Audience.TEACHER)
    question = engine.another_question(document, "q1", 7, silent)
    assert question is not None
    assert question == own.another_question(document, "q1", 7, silent)
    section = engine.another_section(document, "s3", 7, silent)
    assert section == own.another_section(document, "s3", 7, silent)
    assert engine.another_section(document, document.lesson.sections[-1].id, 7, silent) is None
