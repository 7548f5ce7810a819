"""The guide as a contract: every block of it is run, checked or accounted for, and every link leads somewhere."""

import re

import pytest

from guide import ELISIONS, GUIDE, Block, blocks, filled_in, sample
from server_process import ROOT
from toolboxai.platform.messages.registry import MESSAGES, validate

# Who runs a block unchanged: the block by heading, language and number, and the file whose test it is.
RUN = {
    ("NEW: Pusher Implementation", "javascript", 1): "tests/journeys/test_watching.py",
    ("Connection Example", "javascript", 1): "tests/journeys/test_guide_in_node.py",
    ("Connection Example", "javascript", 2): "tests/journeys/test_guide_in_node.py",
    ("Test Example", "javascript", 1): "tests/journeys/test_guide_in_node.py",
    ("JWT Authentication", "javascript", 1): "tests/journeys/test_guide_in_node.py",
    ("Heartbeat/Ping", "javascript", 1): "tests/journeys/test_guide_clients.py",
    ("Reconnection Logic", "javascript", 1): "tests/journeys/test_guide_clients.py",
    ("React Hook for WebSocket", "javascript", 1): "tests/browser/test_guide_in_react.py",
    ("Python WebSocket Client", "python", 1): "tests/journeys/test_guide_clients.py",
    ("Debug Mode", "javascript", 1): "tests/journeys/test_guide_in_node.py",
}

# What is neither run nor read, and why.
NOT_RUN = {
    ("NEW: Pusher Implementation", "javascript", 2): "comments alone: what is not to be done any more",
    ("Roblox Environment WebSocket", "", 1): "the address of an endpoint",
    ("Agent Communication WebSocket", "", 1): "the address of an endpoint",
    ("Native Test WebSocket", "", 1): "the address of an endpoint",
}

JSON = [each for each in blocks() if each.language == "json"]


def name_of(block: Block) -> str:
    return f"{block.under}:{block.line}"


def test_every_block_is_run_checked_or_accounted_for() -> None:
    names = [each.name for each in blocks()]
    assert len(names) == len(set(names))
    assert set(names) == RUN.keys() | NOT_RUN.keys() | {each.name for each in JSON}


@pytest.mark.parametrize(("name", "file"), RUN.items(), ids=lambda value: str(value))
def test_whoever_is_said_to_run_a_block_takes_it_from_the_guide(
    name: tuple[str, str, int], file: str
) -> None:
    under, language, number = name
    call = f'block("{under}", "{language}"' + (f", {number})" if number > 1 else ")")
    assert call in (ROOT / file).read_text(encoding="utf-8")


def test_what_is_not_run_is_an_address_or_a_comment() -> None:
    for each in blocks():
        if each.name in NOT_RUN:
            assert re.fullmatch(r"(//.*\n)+|ws://\S+\n", each.text), each


@pytest.mark.parametrize("block", JSON, ids=name_of)
def test_every_message_of_the_guide_is_one_of_the_registry(block: Block) -> None:
    assert validate(sample(block)) == []


def test_all_that_is_left_out_of_the_messages_is_given() -> None:
    texts = [each.text for each in JSON]
    for elision in ELISIONS:
        assert sum(text.count(elision) for text in texts) == 1


def test_the_types_of_the_guide_are_those_that_we_know() -> None:
    shown = {sample(each)["type"] for each in JSON} | set(re.findall(r"type: '(\w+)'", GUIDE.read_text()))
    assert shown <= MESSAGES.keys()


def test_every_link_of_the_guide_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", GUIDE.read_text(encoding="utf-8"))
    assert targets == ["../WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE.md"]
    found = (GUIDE.parent / targets[0]).resolve()
    assert found == ROOT / "docs" / "WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE.md"
    assert found.is_file()


def test_only_what_is_permitted_can_be_replaced_and_only_where_it_is() -> None:
    assert (
        filled_in("ws://localhost:8009/x/env_456", {"localhost:8009": "h:1", "env_456": "env_1"})
        == "ws://h:1/x/env_1"
    )
    with pytest.raises(AssertionError, match="does not have"):
        filled_in("ws://localhost:8009", {"env_456": "env_1"})
    with pytest.raises(AssertionError, match="maxReconnectAttempts"):
        filled_in("this.maxReconnectAttempts = 5", {"this.maxReconnectAttempts": "1"})
    with pytest.raises(AssertionError, match="none is taken away"):
        filled_in("cluster: 'us2',", {"cluster: 'us2',": "wsHost: 'x',"})
