"""The package in Node, against the whole server."""

import asyncio
import json
import re
from contextlib import AsyncExitStack

import pytest

from clients.conftest import SOURCE, Built
from clients.shared.following import following, numbers, until
from generation import assert_whole, long_text
from guide import block, filled_in
from guide_programs import CONSOLE, InNode, as_shown, json_words
from line import Line
from programs import running
from pusher_js import node
from school import Open, calls, generate, own
from toolboxai.platform.resources.model import ResourceKind

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60), pytest.mark.xdist_group("typescript")]

GUIDE = block("Reconnection Logic", "javascript")
_CLASS, _, USAGE = GUIDE.partition("// Usage\n")


async def test_a_lesson_is_whole_though_the_line_was_cut_and_the_channel_hands_over_its_newest_event_alone(
    opened: Open, built: Built
) -> None:
    jane = opened.school["jane"]
    async with Line(opened.server.port).running() as line, calls(opened.server, jane) as http:
        accepted = await generate(http, source_text=long_text(60_000))
        async with following(
            built,
            url=f"http://127.0.0.1:{line.port}",
            token=jane.token,
            channel=accepted["private_channel"],
            since=0,
        ) as program:
            await until(program, lambda said: said.get("seq") == 3)
            line.cut()
            await line.refused.wait()
            async with asyncio.timeout(20):  # and things go on without it
                while (await http.get(accepted["status_url"])).json()["last_seq"] < 7:
                    pass
            line.mend()
            await program.until(name="generation_complete")
            events = [said["data"] for said in program.said if said.get("seq") is not None]
            assert_whole(events, accepted["session_id"])
            assert numbers(program) == [event["seq"] for event in events]
            assert [said for said in program.said if "error" in said] == []


async def test_the_guides_own_lines_show_a_lesson_when_one_import_is_another(
    opened: Open, built: Built
) -> None:
    jane = opened.school["jane"]
    async with Line(opened.server.port).running() as line, calls(opened.server, jane) as http:
        accepted = await generate(http)
        usage = filled_in(
            USAGE, {"localhost:8009": f"127.0.0.1:{line.port}", "gen_abc123": accepted["session_id"]}
        )
        parts = [
            'import { WebSocketManager } from "toolboxai-client";',
            CONSOLE,
            f"const localStorage = {{ getItem: () => {json_words(jane.token)} }};",
            usage,
        ]
        script = built.place("guide.mjs", "\n".join(parts))
        async with running(node(), str(script)) as program:
            shown = InNode(program)
            assert await shown.logged() == ["WebSocket connected"]
            assert await shown.logged() == ["Authenticated successfully"]
            lines = [await shown.logged()]
            line.cut()
            while lines[-1] != ["Reconnecting... attempt 1"]:
                lines.append(await shown.logged())
            line.mend()
            while lines[-1][0] != "Received message:" or lines[-1][1]["type"] != "generation_complete":
                lines.append(await shown.logged())
        events = (await http.get(accepted["events_url"])).json()["items"]
    told = [each for each in lines if each[0].startswith(("Progress:", "Received"))]
    assert told == [
        [as_shown(event)] if event["type"] == "progress_update" else ["Received message:", event]
        for event in events
    ]
    assert [each for each in lines if each not in told] == [
        ["WebSocket closed:", 1006],
        ["Reconnecting... attempt 1"],
        ["WebSocket connected"],
        ["Authenticated successfully"],
    ]


async def test_a_burst_stays_below_the_servers_limit_and_arrives_in_order(opened: Open, built: Built) -> None:
    jane = opened.school["jane"]
    await own(opened.school, "jane", ResourceKind.ENVIRONMENT, "env_burst")
    where = {"url": opened.server.url, "token": jane.token, "channel": "private-roblox-sync-env_burst"}
    async with AsyncExitStack() as stack:
        sender = await stack.enter_async_context(following(built, **where))
        reader = await stack.enter_async_context(following(built, **where))
        await reader.until(ready=True)
        for number in range(1, 13):
            sender.tell(json.dumps({"trigger": {"number": number}}))
        heard = [(await reader.until(name="client-said"))["data"]["number"] for _ in range(12)]
        assert heard == list(range(1, 13))
        assert [said for said in [*sender.said, *reader.said] if "error" in said] == []


async def test_what_is_anothers_is_refused_and_the_reason_told(opened: Open, built: Built) -> None:
    where = {"url": opened.server.url, "channel": "private-roblox-sync-env_of_nobody"}
    async with AsyncExitStack() as stack:
        known = await stack.enter_async_context(following(built, token=opened.school["jane"].token, **where))
        stranger = await stack.enter_async_context(following(built, token="no token", **where))
        denied = await until(known, lambda said: "denied" in said)
        assert denied["status"] == 403
        assert "INSUFFICIENT_PERMISSIONS" in denied["denied"]
        assert (await until(stranger, lambda said: "denied" in said))["status"] == 401


async def test_an_encrypted_channel_is_read(opened: Open, built: Built) -> None:
    jane, ada = opened.school["jane"], opened.school["ada"]
    channel = f"private-encrypted-user-{jane.id}"
    async with (
        following(built, url=opened.server.url, token=jane.token, channel=channel) as reader,
        calls(opened.server, ada) as http,
    ):
        await reader.until(ready=True)
        told = {"channel": channel, "event": "grade", "data": {"mark": 1}}
        assert (await http.post("/api/v1/realtime/trigger", json=told)).status_code == 200
        assert (await reader.until(name="grade"))["data"] == {"mark": 1}


OLD_MESSAGES = """
import { WebSocketManager } from "toolboxai-client";

const { server, token, session_id, agent_id } = JSON.parse(process.argv[2]);
const speaks = (path, message, ends) => {
  const manager = new WebSocketManager(`${server}/ws/${path}`, token, { onState: () => {} });
  manager.toConsole = () => {};
  manager.handleMessage = (said) => {
    if (said.type === "auth_response") manager.send(message);
    if (!ends(said)) return;
    console.log(JSON.stringify(said.data?.error_code ?? said.data?.status ?? said));
    manager.close();
  };
};
speaks(`content/${session_id}`, { type: "generation_cancel" }, ({ type }) => type === "error");
const task = { type: "task_submit", task_type: "quiz_generation", input: {} };
speaks(`agent/${agent_id}`, task, ({ type }) => type === "task_accepted");
speaks("native", { type: "hello", n: 1 }, ({ type }) => type === "hello");
"""


async def test_what_the_old_sockets_had_a_message_for_is_done(opened: Open, built: Built) -> None:
    jane = opened.school["jane"]
    async with calls(opened.server, jane) as http:
        session_id = (await generate(http, source_text=long_text(60_000)))["session_id"]
        agent = {"name": "quizzes", "task_types": ["quiz_generation"]}
        agent_id = (await http.post("/api/v1/agents", json=agent)).json()["agent_id"]
        listed = (await http.get("/api/v1/agents")).json()["items"]
    # What the hook shows of each agent.
    shown = (SOURCE / "src" / "react" / "agents.ts").read_text(encoding="utf-8")
    interface = shown.partition("export interface Agent {")[2].partition("\n}")[0]
    assert set(re.findall(r"^  (\w+): ", interface, re.MULTILINE)) <= listed[0].keys()
    address = opened.server.url.replace("http", "ws")
    told = {"server": address, "token": jane.token, "session_id": session_id, "agent_id": agent_id}
    script = built.place("old.mjs", OLD_MESSAGES)
    said = await asyncio.to_thread(built.run, script, json.dumps(told))
    assert sorted(map(json.loads, said.splitlines()), key=str) == [
        "GENERATION_CANCELLED",
        "queued",
        {"type": "hello", "n": 1},
    ]


REFUSED = """
import { connect } from "toolboxai-client";

const { url, token, channel } = JSON.parse(process.argv[2]);
let wrong = true;
const client = connect({
  url,
  token,
  fetch: async (address, asked) => {
    const answer = await fetch(address, asked);
    if (!address.endsWith("/auth") || !wrong) return answer;
    wrong = false;
    const said = await answer.text();
    return { ok: true, status: 200, text: async () => said.replace(/:[0-9a-f]{64}/, ":" + "0".repeat(64)) };
  },
});
await client.subscribe(channel).ready.catch((fault) => console.log(fault.name, fault.status));
await client.subscribe(channel).ready;
console.log("subscribed");
client.close();
"""


async def test_a_channel_that_the_server_has_refused_can_be_subscribed_to_again(
    opened: Open, built: Built
) -> None:
    jane = opened.school["jane"]
    told = {"url": opened.server.url, "token": jane.token, "channel": f"private-user-{jane.id}"}
    script = built.place("refused.mjs", REFUSED)
    said = await asyncio.to_thread(built.run, script, json.dumps(told))
    assert said.splitlines() == ["SubscriptionDenied 401", "subscribed"]


LEFT = """
import { connect } from "toolboxai-client";

const { url, token, channel } = JSON.parse(process.argv[2]);
let asked, release;
const asking = new Promise((resolve) => (asked = resolve));
const gate = new Promise((resolve) => (release = resolve));
const client = connect({
  url,
  token,
  fetch: async (address, how) => {
    const answer = await fetch(address, how);
    if (!address.endsWith("/auth")) return answer;
    asked();
    await gate;
    return answer;
  },
});
const first = client.subscribe(channel);
first.ready.then(() => console.log("the first was subscribed"), () => {});
await asking;
first.unsubscribe();
setTimeout(release, 20);
await new Promise((resolve) => setTimeout(resolve, 100)); // what the server has to say of the first, it has said
await client.subscribe(channel).ready;
console.log("subscribed");
client.close();
"""


async def test_a_channel_that_was_left_while_it_was_signed_can_be_subscribed_to_again(
    opened: Open, built: Built
) -> None:
    jane = opened.school["jane"]
    told = {"url": opened.server.url, "token": jane.token, "channel": f"private-user-{jane.id}"}
    script = built.place("left.mjs", LEFT)
    said = await asyncio.to_thread(built.run, script, json.dumps(told))
    assert said.splitlines() == ["subscribed"]
