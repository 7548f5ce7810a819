"""Log lines: one form for all, fields beside constant text, no secret in any of them."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from toolboxai.logs import configure_logs, keep_secret, mask_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the lines go; the logging of the test run comes back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_constant_text_and_fields(stream: io.StringIO) -> None:
    configure_logs(form="json", stream=stream)
    fields = {"channel": "private-x", "close_code": 4009}
    logging.getLogger("toolboxai.test").info("subscription denied", extra=fields)
    (line,) = lines(stream)
    assert line.pop("timestamp")
    assert line == {
        "event": "subscription denied",
        "channel": "private-x",
        "close_code": 4009,
        "level": "info",
        "logger": "toolboxai.test",
    }


def test_people_get_text_and_no_colours_off_a_terminal(stream: io.StringIO) -> None:
    configure_logs(form="console", stream=stream)
    logging.getLogger("toolboxai.test").info("listening", extra={"url": "http://127.0.0.1:8009"})
    assert "listening" in stream.getvalue()
    assert "url=http://127.0.0.1:8009" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_off_a_terminal_the_form_is_json(stream: io.StringIO) -> None:
    configure_logs(stream=stream)
    logging.getLogger("toolboxai.test").info("listening")
    assert lines(stream)[0]["event"] == "listening"


def test_the_level_holds_for_our_own_parts(stream: io.StringIO) -> None:
    configure_logs(form="json", level="INFO", stream=stream)
    logging.getLogger("toolboxai.test").debug("frame")
    assert lines(stream) == []


@pytest.mark.parametrize("name", ["dbos", "sqlalchemy.pool", "alembic.runtime", "pusher", "stranger"])
def test_libraries_leave_by_the_same_way_with_their_fields(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).addHandler(logging.StreamHandler(io.StringIO()))
    configure_logs(form="json", stream=stream)
    logging.getLogger(name).warning("pool of %d is used up", 5, extra={"seconds": 3})
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["seconds"]) == ("pool of 5 is used up", name, 3)


def test_what_strangers_do_to_the_web_server_is_no_warning(stream: io.StringIO) -> None:
    configure_logs(form="json", stream=stream)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application")
    assert [line["event"] for line in lines(stream)] == ["Exception in ASGI application"]


def test_who_speaks_through_structlog_leaves_by_the_same_way(stream: io.StringIO) -> None:
    configure_logs(form="json", stream=stream)
    structlog.get_logger("stamina").warning(
        "stamina.retry_scheduled", caused_by="/apps/1?auth_signature=hunter2"
    )
    (line,) = lines(stream)
    assert (line["event"], line["caused_by"]) == (
        "stamina.retry_scheduled",
        "/apps/1?auth_signature=********",
    )


def test_what_a_stranger_sends_does_not_steer_a_terminal(stream: io.StringIO) -> None:
    configure_logs(form="console", stream=stream)
    try:
        raise ValueError("\x1b[2J in a\ntrace")
    except ValueError:
        logging.getLogger("toolboxai.test").exception("refused", extra={"agent": "\x1b]0;x\x07\u202eSchüler"})
    said = stream.getvalue()
    assert "agent=\\x1b]0;x\\x07\\u202eSchüler" in said
    assert "\\x1b[2J in a\ntrace" in said
    assert not [each for each in said if each not in "\n\t" and not each.isprintable()]


def test_an_error_carries_its_trace_in_the_same_line(stream: io.StringIO) -> None:
    configure_logs(form="json", stream=stream)
    try:
        raise ValueError(f"bad token Bearer {JWT}")
    except ValueError:
        logging.getLogger("toolboxai.test").exception("a task failed")
    (line,) = lines(stream)
    assert "Traceback" in str(line["exception"])
    assert "eyJ" not in str(line)


@pytest.mark.parametrize(
    "fields",
    [
        {"token": "hunter2"},
        {"access_token": "hunter2"},
        {"password": b"hunter2"},
        {"code": "hunter2"},
        {"auth": "key:hunter2"},
        {"headers": {"Authorization": "Bearer hunter2", "Cookie": "s=hunter2"}},
        {"request": {"inner": [{"client_secret": "hunter2"}]}},
        {"url": "http://127.0.0.1:8009/#code=hunter2"},
        {"url": "/login?next=x&token=hunter2&y=1"},
        {"form": "grant_type=x&client_secret=hunter2"},
        {"form": "grant_type=x&code_verifier=hunter2"},
        {"secret": Path("hunter2")},
        {"database": "postgresql://teacher:hunter2@db/school"},
        {"frame": '{"event":"pusher:subscribe","data":{"auth":"hunter2","channel":"private-x"}}'},
        {"frame": '{"data":"{\\"token\\":\\"hunter2\\"}"}'},
    ],
)
def test_no_secret_reaches_a_line(stream: io.StringIO, fields: dict[str, object]) -> None:
    configure_logs(form="json", stream=stream)
    logging.getLogger("toolboxai.test").warning("something", extra=fields)
    assert len(lines(stream)) == 1
    assert "hunter2" not in stream.getvalue()
    assert "********" in stream.getvalue()


def test_codes_that_are_numbers_and_ordinary_fields_stay(stream: io.StringIO) -> None:
    configure_logs(form="json", stream=stream)
    fields = {"code": 4009, "error_code": "NOT_FOUND", "key": "school-key", "author": "Verne"}
    logging.getLogger("toolboxai.test").info("closed", extra=fields)
    (line,) = lines(stream)
    assert (line["code"], line["error_code"], line["key"]) == (4009, "NOT_FOUND", "school-key")
    assert line["author"] == "Verne"


def test_a_masked_text_keeps_what_helps() -> None:
    assert mask_text(f"Authorization: Bearer {JWT} refused") == "Authorization: Bearer ******** refused"
    assert mask_text("GET /apps/3/events?auth_key=k&auth_signature=abc&x=1") == (
        "GET /apps/3/events?auth_key=k&auth_signature=********&x=1"
    )


def test_the_process_s_own_secrets_are_masked_wherever_they_turn_up(stream: io.StringIO) -> None:
    keep_secret("correct-horse-of-this-test", "short")
    configure_logs(form="json", stream=stream)
    fields = {
        "reason": "HMAC with correct-horse-of-this-test failed",
        "inner": ["correct-horse-of-this-test"],
    }
    logging.getLogger("toolboxai.test").warning("odd: correct-horse-of-this-test", extra=fields)
    (line,) = lines(stream)
    assert "correct-horse" not in stream.getvalue()
    assert line["reason"] == "HMAC with ******** failed"
    assert mask_text("too short to be told from words") == "too short to be told from words"


@pytest.mark.parametrize("name", ["aiosqlite", "python_multipart", "psycopg.pq"])
def test_who_would_tell_values_is_silent_even_when_more_is_logged(stream: io.StringIO, name: str) -> None:
    configure_logs(form="json", level="DEBUG", stream=stream)
    logging.getLogger(name).debug("executing INSERT with hunter2")
    assert lines(stream) == []
