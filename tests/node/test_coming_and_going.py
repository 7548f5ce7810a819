"""What is told of a connection that opens or ends."""

import logging

import pytest

from toolboxai.hub.about import About, Transport, Visitor
from toolboxai.hub.connection import Connection
from toolboxai.hub.ring import Moment
from toolboxai.node.coming_and_going import tell_closed, tell_opened, told_code
from wires import Wire, connection

PAGE = Visitor(About(Transport.WEBSOCKET, "7", "js", "8.4.0"), "203.0.113.7")


def page(by: str = "client", code: int = 1006, transport: Transport = Transport.WEBSOCKET) -> Connection:
    who = connection("1.1", Wire())
    who.about, who.opened = PAGE.about._replace(transport=transport), Moment(0, 100.0)
    who.ended = (by, code, "")
    return who


def test_who_opens_is_a_line_for_those_who_want_more(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="toolboxai"):
        tell_opened(page())
    (line,) = caplog.records
    facts = vars(line)
    assert (line.levelno, line.getMessage()) == (logging.DEBUG, "connection opened")
    assert (facts["socket_id"], facts["client"], facts["transport"]) == ("1.1", "js", "websocket")
    assert "203.0.113.7" not in str(facts)


@pytest.mark.parametrize(
    ("by", "code", "transport", "level"),
    [
        ("client", 1001, Transport.WEBSOCKET, logging.DEBUG),
        ("client", 1006, Transport.XHR, logging.DEBUG),
        ("server", 4100, Transport.WEBSOCKET, logging.INFO),
        ("server", 4009, Transport.EVENT_STREAM, logging.INFO),
        ("server", 4200, Transport.WEBSOCKET, logging.DEBUG),  # the server that leaves says so once
        ("server", 1000, Transport.EVENT_STREAM, logging.DEBUG),
        (
            "server",
            1002,
            Transport.WEBSOCKET,
            logging.DEBUG,
        ),  # broken framing: told where it is met, within bounds
        ("server", 4129, Transport.OLD, logging.DEBUG),  # has a line of its own
    ],
)
def test_what_the_server_ends_is_told_to_everyone(
    caplog: pytest.LogCaptureFixture, by: str, code: int, transport: Transport, level: int
) -> None:
    with caplog.at_level(logging.DEBUG, logger="toolboxai"):
        tell_closed(page(by, code, transport), 102.5)
    (line,) = caplog.records
    facts = vars(line)
    assert (line.levelno, facts["by"], facts["code"], facts["lasted_s"]) == (level, by, code, 2.5)


@pytest.mark.parametrize(("code", "told"), [(1000, "1000"), (4009, "4009"), (4129, "4129"), (3999, "other")])
def test_codes_that_mean_nothing_are_one(code: int, told: str) -> None:
    assert told_code(code) == told
