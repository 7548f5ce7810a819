"""What the TypeScript client decides is what the Python client decides."""

import json
import random
from typing import Any

import pytest

from clients.conftest import Built
from toolboxai.client.effects import CatchUp, Deliver, Effect, Gap
from toolboxai.client.frames import event_of
from toolboxai.client.track import Track
from toolboxai.close_codes import retry_after_close
from toolboxai.protocol.channel import ChannelKind

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60), pytest.mark.xdist_group("typescript")]

LIVES = 400
HERE = "./node_modules/toolboxai-client/dist/esm"

TRACKS = """
import { readFileSync } from "node:fs";
import { eventOf, Track } from "HERE/track.js";

const event = (name, [seq, whose]) => eventOf(name, "told", { seq, data: { agent_id: whose } });
const shown = (effect) =>
  effect.do === "deliver" ? ["deliver", effect.event.seq, effect.event.data.data.agent_id]
  : effect.do === "gap" ? ["gap", effect.after, effect.next]
  : ["catch up", effect.after];
const lives = JSON.parse(readFileSync(process.argv[2], "utf8"));
const told = lives.map(({ name, since, steps }) => {
  const track = new Track(name, since);
  let round = 0;
  return steps.map(([what, value]) => {
    const effects =
      what === "confirmed" ? track.confirmed()
      : what === "heard" ? track.heard(event(name, value))
      : what === "caught up" ? track.caughtUp(round, value.map((each) => event(name, each)))
      : (track.disconnected(), []);
    for (const effect of effects) if (effect.do === "catch up") round = effect.round;
    return effects.map(shown);
  });
});
console.log(JSON.stringify(told));
""".replace("HERE", HERE)


def life(dice: random.Random) -> dict[str, Any]:
    """What may happen to a subscription, in any order that a connection allows."""
    name = dice.choice(["private-agent-agent_1", "private-agent-agent_1", "agent-status"])
    steps: list[list[Any]] = []
    newest = 0
    for _ in range(dice.randrange(1, 12)):
        steps.append(["confirmed", None])
        for _ in range(dice.randrange(8)):
            newest += dice.choice([0, 1, 1, 1, 2, 3])
            seq = max(1, newest - dice.choice([0, 0, 0, 1, 4]))
            whose = dice.choice(["agent_1", "agent_2"])
            if dice.random() < 0.3:
                known = [[each, whose] for each in range(1, newest + 1) if dice.random() < 0.9]
                if name != "agent-status":  # there the order is the time's, and each agent's numbers grow
                    dice.shuffle(known)
                steps.append(["caught up", known])
            else:
                steps.append(["heard", [seq, whose]])
        steps.append(["disconnected", None])
        newest += dice.randrange(4)
    return {"name": name, "since": dice.choice([None, 0, 3]), "steps": steps}


def in_python(told: dict[str, Any]) -> list[list[list[Any]]]:
    """The same in the Python client."""
    name = told["name"]
    track = Track(name, True, told["since"])

    def event(value: list[Any]) -> Any:
        return event_of("told", name, {"type": "told", "seq": value[0], "data": {"agent_id": value[1]}})

    def shown(effect: Effect) -> list[Any]:
        if isinstance(effect, Deliver):
            return ["deliver", effect.event.seq, effect.event.data["data"]["agent_id"]]
        if isinstance(effect, Gap):
            return ["gap", effect.after, effect.before]
        assert isinstance(effect, CatchUp)
        return ["catch up", effect.after]

    lines = []
    for what, value in told["steps"]:
        effects: list[Effect] = []
        if what == "confirmed":
            effects = track.confirmed()
        elif what == "heard":
            effects = track.heard(event(value))
        elif what == "caught up":
            effects = track.caught_up([event(each) for each in value])
        else:
            track.disconnected()
        lines.append([shown(effect) for effect in effects])
    return lines


def test_a_subscription_tells_its_user_the_same_whatever_happens(built: Built) -> None:
    dice = random.Random(7)
    lives = [life(dice) for _ in range(LIVES)]
    told = built.place("lives.json", json.dumps(lives))
    in_node = json.loads(built.run(built.place("tracks.mjs", TRACKS), told))
    for each, heard in zip(lives, in_node, strict=True):
        assert heard == in_python(each), each
    assert {effect[0] for heard in in_node for effects in heard for effect in effects} == {
        "deliver",
        "catch up",
        "gap",
    }


def test_the_same_close_codes_bring_it_back(built: Built) -> None:
    codes = [1000, 1001, 1006, 1011, *range(3999, 4401)]
    asked = f'import {{ retryAfterClose }} from "{HERE}/backoff.js"; console.log(JSON.stringify({codes}.map(retryAfterClose)));'
    in_node = json.loads(built.run(built.place("codes.mjs", asked)))
    assert in_node == [retry_after_close(code).value for code in codes]


def test_the_same_channels_carry_client_events(built: Built) -> None:
    prefixes = [kind.value.prefix for kind in ChannelKind]
    text = """
import { createClient } from "toolboxai-client";
const client = createClient({ url: "http://127.0.0.1:1" });
const takes = (name) => {
  try {
    client.subscribe(name).trigger("client-a", 1);
    return true;
  } catch {
    return false;
  }
};
console.log(JSON.stringify(PREFIXES.map((prefix) => takes(prefix + "room"))));
""".replace("PREFIXES", json.dumps(prefixes))
    in_node = json.loads(built.run(built.place("kinds.mjs", text)))
    # What is encrypted pusher-js does not send.
    assert in_node == [kind.value.client_events and not kind.value.opaque for kind in ChannelKind]
