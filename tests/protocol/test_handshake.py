"""Who may connect."""

import pytest

from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.protocol.handshake import Refusal, admit, origin_allowed

APP = App(
    id="3", keys=(AppKey("KEY", "s"), AppKey("NEWER", "t")), allowed_origins=("https://school.example",)
)
APPS = AppRegistry([APP, App(id="4", keys=(AppKey("OFF", "s"),), enabled=False)])


def refused(path: str, origin: str | None = None, **query: str) -> tuple[int, str]:
    with pytest.raises(Refusal) as refusal:
        admit(APPS, path, query, origin=origin, host="here.example")
    return int(refusal.value.code), refusal.value.message


@pytest.mark.parametrize("path", ["/app/KEY", "/app/KEY/", "/app/NEWER"])
@pytest.mark.parametrize("version", ["4", "5", "6", "7", None])
def test_a_known_key_in_a_known_version(path: str, version: str | None) -> None:
    query = {"client": "js", "version": "8.6.0", "flash": "false"} | (
        {"protocol": version} if version else {}
    )
    assert admit(APPS, path, query, origin=None, host=None) is APP


@pytest.mark.parametrize("path", ["/", "/nope", "/app", "/app/", "/app/KEY/x", "/x/app/KEY", "/app//KEY"])
def test_another_path_is_4005(path: str) -> None:
    assert refused(path, protocol="7")[0] == 4005


@pytest.mark.parametrize(
    "version", ["", "abc", "7.0", "-", "+7", "\N{ARABIC-INDIC DIGIT SEVEN}", "7 ", "7\n"]
)
def test_a_version_that_is_no_number_is_4006(version: str) -> None:
    assert refused("/app/KEY", protocol=version) == (4006, "Invalid version string format")


@pytest.mark.parametrize("version", ["0", "3", "8", "99", "-7", "1" * 10, "9" * 5000, "-" + "9" * 5000])
def test_a_version_that_we_do_not_speak_is_4007(version: str) -> None:
    assert refused("/app/KEY", protocol=version) == (4007, "Unsupported protocol version")


def test_an_unknown_key_is_4001_and_shown_but_not_at_any_length() -> None:
    code, message = refused("/app/" + "x" * 5000)
    assert code == 4001
    assert "x" * 64 in message
    assert len(message) < 200


def test_a_disabled_app_is_4003() -> None:
    assert refused("/app/OFF") == (4003, "Application disabled")


ORIGINS = [
    (None, True),
    ("https://school.example", True),
    ("http://here.example", True),
    ("http://localhost:5173", True),
    ("http://127.0.0.1:8009", True),
    ("http://[::1]:3000", True),
    ("https://evil.example", False),
    ("http://school.example", False),
    ("https://school.example.evil.example", False),
    ("http://here.example.evil.example", False),
    ("http://localhost.evil.example", False),
    ("null", False),
    ("", False),
    ("http://[", False),
    ("http://\u2100", False),
    ("file://", False),
]


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
def test_a_page_needs_a_known_origin_and_a_program_none(origin: str | None, allowed: bool) -> None:
    assert origin_allowed(APP, origin, "here.example") is allowed
    if not allowed:
        assert refused("/app/KEY", origin=origin)[0] == 4009


def test_a_star_admits_every_page() -> None:
    app = App(id="5", keys=(AppKey("k", "s"),), allowed_origins=("*",))
    assert origin_allowed(app, "https://anything.example", None)
