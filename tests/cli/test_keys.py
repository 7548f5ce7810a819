"""``keys``: a new key for the file, and what a token says."""

import io
import json
from pathlib import Path

import jwt
import pytest

from cli_places import JWT
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run
from toolboxai.config import Purpose, load_settings

OTHER = "another secret, which is long enough as well"


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TOOLBOXAI_JWT_SECRET", JWT)
    monkeypatch.setenv("TOOLBOXAI_DATABASE_URL", f"sqlite:///{tmp_path}/accounts.db")
    return monkeypatch


def test_a_new_key_is_a_line_for_the_file_and_the_steps_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, told = [], ""
    for _ in range(2):
        assert run(["keys", "new"]) == ExitCode.OK
        printed = capsys.readouterr()
        lines.append(printed.out.strip())
        told = printed.err
    assert "14 days" in told
    path = tmp_path / "two.toml"
    path.write_text(f"[auth]\njwt_keys = [{', '.join(lines)}]")
    keys = load_settings({}, file=path, purpose=Purpose.TOKENS).auth.jwt_keys
    assert len({key.kid for key in keys} | {key.secret.get_secret_value() for key in keys}) == 4


def test_a_new_key_has_the_name_that_is_wished_if_it_can_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "new", "--kid", "spring.2027", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["kid"] == "spring.2027"
    assert run(["keys", "new", "--kid", "a b"]) == ExitCode.USAGE


def looked_at(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], token: str
) -> tuple[int, str, str]:
    environ.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    capsys.readouterr()
    status = run(["keys", "inspect"])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_a_token_tells_whose_it_is_and_whether_it_holds_and_never_itself(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ.setattr("sys.stdin", io.StringIO("correct horse\n"))
    run(["users", "create", "jane", "--role", "teacher", "--password-stdin"])
    capsys.readouterr()
    run(["token", "jane"])
    token = capsys.readouterr().out.strip()
    status, said, told = looked_at(environ, capsys, f"Bearer {token}")
    assert status == ExitCode.OK
    assert "key: 1\n" in said
    assert "role: 'teacher'" in said
    assert "it holds" in said
    assert not [part for part in token.split(".") if part in said + told]
    environ.setenv("TOOLBOXAI_JWT_SECRET", OTHER)
    status, said, _ = looked_at(environ, capsys, token)
    assert (status, "are not ours" in said) == (ExitCode.FAILED, True)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("nonsense", "this is no token"),
        ("a.b.c", "this is no token"),
        ("\u00fc.\u00fc.\u00fc", "this is no token"),
        (
            jwt.encode({"sub": "x"}, OTHER, headers={"kid": "9"}),
            "names the key '9', which is not accepted here",
        ),
        (jwt.encode({"sub": "x", "exp": 1e300, "iat": []}, OTHER), "are not ours"),
        (jwt.encode({"sub": "x"}, "", algorithm="none"), "are not ours"),
        (
            jwt.encode(
                {
                    "iss": "toolboxai",
                    "aud": "toolboxai",
                    "typ": "refresh",
                    "sub": "x",
                    "jti": "1",
                    "sid": "1",
                    "iat": 1,
                    "exp": 2,
                },
                JWT,
            ),
            "its time is over",
        ),
    ],
    ids=["text", "dots", "letters", "kid", "strange", "none", "old"],
)
def test_why_a_token_does_not_hold_is_told(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], token: str, reason: str
) -> None:
    status, said, _ = looked_at(environ, capsys, token)
    assert (status, reason in said) == (ExitCode.FAILED, True), said


def test_nothing_to_look_at_is_a_fault_of_the_command_line(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked_at(environ, capsys, "")[0] == ExitCode.USAGE
