"""Why a script is no Luau: by the compiler, by the grammar beside it, and by the grammar alone."""

import pytest

from toolboxai.adapters import luau_readers
from toolboxai.adapters.luau_readers import NothingReadsLuau, faults_in
from toolboxai.platform.roblox.luau.report import SOURCE_BYTES

NEWER = "type Pair = { x: number?, y: string }\nlocal n = 0\nn += 1\nfor i = 1, 3 do continue end\nreturn `{n} // {7 // 2}`"


@pytest.fixture(params=["both", "compiler", "grammar"])
def readers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    which: str = request.param
    if which == "compiler":
        monkeypatch.setattr(luau_readers, "_grammar", lambda: None)
    if which == "grammar":
        monkeypatch.setattr(luau_readers, "_compiler", lambda: None)
    return which


@pytest.mark.parametrize("source", ["", "return 1", NEWER, "local x = 'שלום'"])
def test_luau_has_no_faults(readers: str, source: str) -> None:
    assert faults_in(source) == ()


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("local x = 1\nlocal y = = 2\n", 2),
        ("x = 1\n\nlocal = 5\n", 3),
        ("local ok = 1\nx = 'not closed\ny = 2", 2),
    ],
)
def test_a_fault_has_its_line(readers: str, source: str, line: int) -> None:
    assert faults_in(source)[0].line == line


@pytest.mark.parametrize(
    ("source", "message", "advice"),
    [
        ("if x then\n  y()\n", "Expected 'end'", "needs its end"),
        ("x = 'a\n'", "Malformed string", "the mark with which it began"),
        ("x.y", "Incomplete statement", "call it"),
        ("x = (1 + 2", "Expected ')'", "close the bracket"),
        ("local 5 = x", "Expected identifier", "a name or a value is missing"),
        ("goto", "Incomplete statement", "assign it"),
        ("if x then end end", "Expected <eof>", "one end too many"),
        ("break", "break", "look at this line"),
        ("x = " + "(" * 5000, "recursion depth", "make it simpler"),
    ],
)
def test_a_fault_says_what_to_do(source: str, message: str, advice: str) -> None:
    told = [each for each in faults_in(source) if message in each.message]
    assert told
    assert advice in told[0].advice


def test_the_grammar_finds_what_stands_behind_the_first_fault() -> None:
    source = "local a = = 1\n" + "local fine = 1\n" * 5 + "local b = = 2\n"
    assert [each.line for each in faults_in(source)] == [1, 7]


def test_at_most_ten_faults_are_told() -> None:
    assert len(faults_in("local x = = 1\n" * 50)) <= 10


def test_a_script_that_is_too_long_is_not_read() -> None:
    (fault,) = faults_in("-" * (SOURCE_BYTES + 1))
    assert "200001 bytes" in fault.message


@pytest.mark.parametrize("source", ["x = 1\ny = '\0'", "x = '\ud800'"])
def test_characters_that_no_script_can_hold_are_told(source: str) -> None:
    (fault,) = faults_in(source)
    assert "no script can hold" in fault.message


def test_what_keeps_the_grammar_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "[=" * 40_000
    assert len(faults_in(source)) == 1
    monkeypatch.setattr(luau_readers, "_compiler", lambda: None)
    (fault,) = faults_in(source)
    assert "too long to read" in fault.message
    assert faults_in("return 1") == ()


def test_without_any_reader_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(luau_readers, "_compiler", lambda: None)
    monkeypatch.setattr(luau_readers, "_grammar", lambda: None)
    with pytest.raises(NothingReadsLuau):
        faults_in("return 1")
