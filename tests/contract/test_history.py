"""What is kept of a channel, asked for over the signed API, and handed to whoever subscribes."""

import json
from typing import Any

import pytest

from servers import Running, make_app, serving
from toolboxai.apps.app import App, AppKey, HistoryRule
from toolboxai.testing.clock import ManualClock

APP = make_app(history=(HistoryRule("kept-*", events=5, seconds=60.0),))
HISTORY = "/apps/3/channels/kept-a/history"


async def history(server: Running, **query: str) -> dict[str, Any]:
    status, text = await server.get(HISTORY, **query)
    assert status == 200, text
    answer: dict[str, Any] = json.loads(text)
    return answer


def data(answer: dict[str, Any]) -> str:
    return "".join(item["data"] for item in answer["items"])


async def test_the_newest_events_are_kept_each_with_its_place() -> None:
    clock = ManualClock()
    async with serving(APP, clock=clock) as server:
        for number in range(7):
            await server.trigger("kept-a", f"e{number}", str(number))
            clock.advance(1.5)
        answer = await history(server)
        assert data(answer) == "23456"
        assert [item["offset"] for item in answer["items"]] == [3, 4, 5, 6, 7]
        epochs = {item["id"].partition(":")[0] for item in answer["items"]}
        assert len(epochs) == 1
        assert answer["position"] == f"{epochs.pop()}:7" == answer["items"][-1]["id"]
        assert (answer["complete"], answer["next_after"]) == (False, None)
        assert answer["items"][0]["event"] == "e2"
        first, second = (item["timestamp"] for item in answer["items"][:2])
        assert first < second
        assert first.endswith("Z")


async def test_what_is_too_old_is_gone_and_the_places_go_on() -> None:
    clock = ManualClock()
    async with serving(APP, clock=clock) as server:
        await server.trigger("kept-a", "e", "1")
        clock.advance(59)
        await server.trigger("kept-a", "e", "2")
        clock.advance(2)
        answer = await history(server)
        assert (data(answer), answer["items"][0]["offset"], answer["complete"]) == ("2", 2, False)


async def test_page_by_page_from_a_position_on() -> None:
    async with serving(APP) as server:
        for number in range(5):
            await server.trigger("kept-a", "e", str(number))
        first = await history(server, limit="2")
        assert (data(first), first["complete"]) == ("01", True)
        second = await history(server, limit="2", after=first["next_after"])
        assert (data(second), second["next_after"]) == ("23", second["items"][-1]["id"])
        third = await history(server, limit="2", after=second["next_after"])
        assert (data(third), third["next_after"], third["complete"]) == ("4", None, True)
        newest = await history(server, limit="3", direction="newest_first")
        assert (data(newest), newest["next_after"]) == ("432", None)
        rest = await history(server, limit="3", direction="newest_first", before=newest["next_before"])
        assert (data(rest), rest["next_before"]) == ("10", None)
        assert data(await history(server, direction="newest_first")) == "43210"


async def test_a_position_of_another_life_is_answered_with_all_that_is_kept_and_said_to_be_incomplete() -> (
    None
):
    async with serving(APP) as server:
        await server.trigger("kept-a", "e", "1")
        answer = await history(server, after="another.1:1")
        assert (data(answer), answer["complete"]) == ("1", False)
        beyond = answer["position"].replace(":1", ":9")
        assert data(await history(server, after=beyond)) == "1"


async def test_off_by_default() -> None:
    async with serving(make_app(history=())) as server:
        await server.trigger("kept-a", "e", "1")
        answer = await history(server)
        assert (answer["items"], answer["next_after"]) == ([], None)
        async with server.socket() as late:
            await late.enter("kept-a")
            await late.hears_nothing()


async def test_who_comes_late_is_handed_the_kept_events_after_the_success_then_live_ones() -> None:
    async with serving(APP) as server, server.socket() as early:
        await early.enter("kept-a")
        await server.trigger("kept-a", "e", "1")
        await server.trigger("kept-a", "e", "2")
        async with server.socket() as late:
            await late.enter("kept-a")
            await server.trigger("kept-a", "e", "3")
            assert [(await late.hear())["data"] for _ in range(3)] == ["1", "2", "3"]
            assert [(await early.hear())["data"] for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"limit": "0"}, "limit is '0'; use 1 to 1000"),
        ({"limit": "1001"}, "limit is '1001'; use 1 to 1000"),
        ({"limit": "x"}, "limit is 'x'; use 1 to 1000"),
        ({"after": "17"}, "'17' is no position: a position is written EPOCH:OFFSET"),
        ({"direction": "up"}, "direction is 'up'; use oldest_first or newest_first"),
        ({"since": "1"}, "The following query string parameters are extraneous: since"),
    ],
)
async def test_what_cannot_be_read_is_told(query: dict[str, str], text: str) -> None:
    async with serving(APP) as server:
        status, told = await server.get(HISTORY, **query)
        assert (status, told.startswith(text)) == (400, True), told


async def test_it_is_a_signed_call_like_the_others() -> None:
    async with serving(APP) as server, server.http() as http:
        assert (await http.ask("GET", HISTORY)).status == 401
        refused = await http.ask("POST", HISTORY)
        assert refused.status == 401
    async with serving(APP) as server:
        status, text = await server.post(HISTORY, {})
        assert (status, text) == (405, "POST is not allowed here; use GET\n")


async def test_a_channel_of_another_app_has_its_own() -> None:
    other = App(id="4", keys=(AppKey("k4", "s4"),), history=APP.history)
    async with serving(APP, other) as server:
        await server.trigger("kept-a", "e", "1")
        found = await server.node.history(other, "kept-a")
        assert list(found.publications) == []
