"""A line that is cut for a while: our client shows what came meanwhile, once and in order."""

import asyncio

from generation import assert_whole, long_text
from line import Line
from school import Open, calls, generate
from toolboxai.client import ConnectionState, connect


async def test_what_came_while_the_line_was_cut_is_shown_once_and_in_order(opened: Open) -> None:
    states: list[ConnectionState] = []
    complaints: list[str] = []
    jane = opened.school["jane"]
    async with Line(opened.server.port).running() as line, calls(opened.server, jane) as http:
        accepted = await generate(http, source_text=long_text(120_000))
        async with connect(
            f"http://127.0.0.1:{line.port}",
            opened.school.key,
            token=jane.token,
            on_state=lambda state, _text: states.append(state),
            on_error=complaints.append,
        ) as client:
            channel = await client.subscribe(accepted["private_channel"], since=0)
            events = []
            async for event in channel:
                events.append(event.data)
                if len(events) == 3:
                    line.cut()
                    await line.refused.wait()  # it has tried in vain
                    async with asyncio.timeout(15):  # and things go on without it
                        while (await http.get(accepted["status_url"])).json()["last_seq"] < len(events) + 4:
                            pass
                    line.mend()
                if event.name == "generation_complete":
                    break
        assert_whole(events, accepted["session_id"])
        assert states.count(ConnectionState.CONNECTED) == 2
        assert complaints == []
