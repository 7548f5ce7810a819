// The parts that need neither a network nor a clock.
import assert from "node:assert/strict";
import test from "node:test";
import { Backoff, retryAfterClose } from "./node_modules/toolboxai-client/dist/esm/backoff.js";
import { masked } from "./node_modules/toolboxai-client/dist/esm/debugging.js";
import { oldAddress } from "./node_modules/toolboxai-client/dist/esm/old-sockets.js";
import { SendQueue } from "./node_modules/toolboxai-client/dist/esm/send-queue.js";
import { stockOptions } from "./node_modules/toolboxai-client/dist/esm/stock.js";
import { eventOf, Track } from "./node_modules/toolboxai-client/dist/esm/track.js";

const middle = () => 0.5;

test("the pauses are 1, 2, 4, 8 and 16 seconds, then it gives up, and a connection begins the row again", () => {
  const backoff = new Backoff(middle, () => 5);
  const row = [1000, 2000, 4000, 8000, 16000, null];
  assert.deepEqual(
    row.map(() => backoff.nextWait("pause", 0)),
    row,
  );
  backoff.succeeded();
  assert.equal(backoff.nextWait("pause", 5000), 1000);
});

test("pauses are spread by half to both sides and never longer than 30 seconds in the middle", () => {
  assert.equal(
    new Backoff(
      () => 0,
      () => 5,
    ).nextWait("pause", 0),
    500,
  );
  const patient = new Backoff(middle, () => 20);
  assert.equal(Array.from({ length: 10 }, () => patient.nextWait("pause", 0)).at(-1), 30_000);
});

test("the close code decides when to come back", () => {
  const codes = [1006, 4001, 4099, 4100, 4200, 4299, 4300];
  assert.deepEqual(codes.map(retryAfterClose), ["pause", "never", "never", "pause", "now", "now", "never"]);
  assert.equal(new Backoff(middle, () => 5).nextWait("never", 5000), null);
  assert.equal(new Backoff(middle, () => 5).nextWait("now", 5000), 0);
  assert.equal(
    new Backoff(middle, () => 5).nextWait("now", 10),
    1000,
    "one that closes right after the welcome is not hit at once",
  );
});

test("five events leave at once, five more 0.6 s later, in order for each channel and none past its channel", () => {
  const queue = new SendQueue(8, 100);
  queue.connected();
  for (let n = 0; n < 12; n += 1)
    queue.put({ channel: n === 1 ? "private-late" : "private-a", name: "client-n", data: n });
  const there = (channel) => channel === "private-a";
  assert.deepEqual(
    queue.flush(0, there).map(({ data }) => data),
    [0, 2, 3, 4, 5],
  );
  assert.equal(queue.throttledUntil, 625);
  assert.deepEqual(queue.flush(624, there), []);
  assert.deepEqual(
    queue.flush(625, there).map(({ data }) => data),
    [6, 7, 8, 9, 10],
  );
  assert.deepEqual(
    queue.flush(1250, () => true).map(({ data }) => data),
    [1, 11],
  );
});

test("no second of any length has more than ten events in it", () => {
  const queue = new SendQueue(8, 1000);
  queue.connected();
  for (let n = 0; n < 100; n += 1) queue.put({ channel: "private-a", name: "client-n", data: n });
  const sent = [];
  for (let now = 0; now < 20_000; now += 5) sent.push(...queue.flush(now, () => true).map(() => now));
  assert.equal(sent.length, 100);
  for (const from of sent) assert.ok(sent.filter((at) => at >= from && at < from + 1000).length <= 10);
});

test("a full queue says so and takes nothing; what is forgotten is told", () => {
  const queue = new SendQueue(8, 2);
  queue.put({ channel: "private-a", name: "client-n", data: 1 });
  queue.put({ channel: "private-b", name: "client-n", data: 2 });
  assert.throws(() => queue.put({ channel: "private-a", name: "client-n", data: 3 }), { name: "SendQueueFull" });
  assert.deepEqual(
    queue.forget("private-a").map(({ data }) => data),
    [1],
  );
  assert.equal(queue.length, 1);
});

test("what waits is what was put, and what is no JSON is not taken", () => {
  const queue = new SendQueue(8, 100);
  const put = (name, data) => queue.put({ channel: "private-a", name, data });
  const changed = { at: { x: 1 } };
  put("client-a", changed);
  changed.at.x = 2;
  const circular = {};
  circular.self = circular;
  for (const data of [circular, { n: 1n }, 1n]) {
    assert.throws(() => put("client-bad", data), { name: "TypeError", message: /'client-bad' on private-a/ });
  }
  put("client-b", undefined);
  put("client-c", null);
  assert.deepEqual(
    queue.flush(0, () => true).map(({ name, data }) => [name, data]),
    [
      ["client-a", { at: { x: 1 } }],
      ["client-b", undefined],
      ["client-c", null],
    ],
  );
});

test("so many events a second as cannot be are refused", () => {
  for (const eventsPerS of [0, -0, -1, NaN, Infinity, -Infinity]) {
    assert.throws(() => new SendQueue(eventsPerS, 100), { name: "TypeError", message: /eventsPerS .* above 0/ });
  }
  new SendQueue(0.5, 100);
});

const numbered = (seq, channel = "private-agent-1", data = {}) => eventOf(channel, "agent_status", { type: "agent_status", seq, data });
const heard = (effects) => effects.flatMap((effect) => (effect.do === "deliver" ? [effect.event.seq] : [effect.do]));

test("live events wait for the history, and each is passed on once and in order", () => {
  const track = new Track("private-agent-1", 0);
  const [asked] = track.confirmed();
  assert.deepEqual({ do: asked.do, after: asked.after }, { do: "catch up", after: 0 });
  assert.deepEqual(track.heard(numbered(3)), []);
  assert.deepEqual(heard(track.caughtUp(asked.round, [numbered(2), numbered(1), numbered(3)])), [1, 2, 3]);
  assert.deepEqual(heard(track.heard(numbered(3))), []);
  assert.deepEqual(heard(track.heard(numbered(4))), [4]);
});

test("a hole is asked for, and told when it cannot be filled", () => {
  const track = new Track("private-agent-1", null);
  assert.deepEqual(track.confirmed(), []);
  assert.deepEqual(heard(track.heard(numbered(1))), [1]);
  const [asked] = track.heard(numbered(4));
  assert.equal(asked.after, 1);
  assert.deepEqual(heard(track.caughtUp(asked.round, [numbered(3)])), ["gap", 3, 4]);
});

test("an answer of the history counts for the asking that it answers", () => {
  const track = new Track("private-agent-1", 0);
  const [first] = track.confirmed();
  track.heard(numbered(5));
  track.disconnected();
  const [second] = track.confirmed();
  assert.deepEqual(track.caughtUp(first.round, [numbered(1)]), []);
  assert.deepEqual(
    heard(
      track.caughtUp(
        second.round,
        [1, 2, 3, 4].map((seq) => numbered(seq)),
      ),
    ),
    [1, 2, 3, 4, 5],
  );
});

test("on a name that many share each counts for itself, and holes are none", () => {
  const track = new Track("agent-status", null);
  track.confirmed();
  const of = (agent, seq) => numbered(seq, "agent-status", { agent_id: agent });
  const told = [of("agent_a", 1), of("agent_b", 7), of("agent_a", 4), of("agent_b", 7), of("agent_a", 4)];
  assert.deepEqual(
    told.flatMap((event) => heard(track.heard(event))),
    [1, 7, 4],
  );
});

test("what has no number is passed on as it comes", () => {
  const track = new Track("private-agent-1", null);
  track.confirmed();
  assert.deepEqual(heard(track.heard(eventOf("private-agent-1", "client-hello", "hi"))), [null]);
});

test("no line of the debug switch opens a door", () => {
  const token = ["eyJhbGciOi", "eyJzdWIiOi", "c2lnbmF0dXJl"].join(".");
  for (const line of [
    `{"event":"pusher:subscribe","data":{"auth":"key:abc"}}`,
    `{"data":"{\\"auth\\":\\"key:abc\\"}"}`,
    `{"access_token":"abc"}`,
    `Authorization: Bearer abc`,
    `token ${token}`,
    `{"accessToken":"abc"}`,
    `{"api_key":"abc"}`,
    `{"authorization":"Basic abc"}`,
    `GET /socket?v=1&token=abc`,
    `GET /socket?token=abc`,
    JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ token: "abc" }) }) }),
    `{"password":"a\\"abc"}`,
    `{"data":"{\\"password\\":\\"a\\\\\\"abc\\"}"}`,
    `{"password":"cut off abc`,
  ]) {
    assert.ok(!/abc|c2lnbm/.test(masked(line)), masked(line));
    assert.match(masked(line), /\*{8}/);
  }
  assert.equal(masked(`{"data":{"author":"Ann"}}`), `{"data":{"author":"Ann"}}`);
  assert.equal(masked(`{"token":"","auth":"abc","n":1}`), `{"token":"********","auth":"********","n":1}`);
  const inner = (value) => JSON.stringify({ data: JSON.stringify({ token: value, n: 1 }) });
  assert.equal(masked(inner('a"abc')), inner("********"), "what stands around a secret stays as it is");
});

test("pusher-js is told the server's own address, or the one that the configuration names", () => {
  const own = { key: "k", cluster: "local", host: null, port: null, scheme: null };
  const pick = ({ wsHost, wsPort, wssPort, forceTLS, wsPath }) => ({ wsHost, wsPort, wssPort, forceTLS, wsPath });
  assert.deepEqual(pick(stockOptions(own, "http://school.test:8009")), {
    wsHost: "school.test",
    wsPort: 8009,
    wssPort: 8009,
    forceTLS: false,
    wsPath: undefined,
  });
  assert.deepEqual(pick(stockOptions(own, "https://school.test/live")), {
    wsHost: "school.test",
    wsPort: 80,
    wssPort: 443,
    forceTLS: true,
    wsPath: "/live",
  });
  const far = { ...own, host: "ws.test", port: 6001, scheme: "https" };
  assert.deepEqual(pick(stockOptions(far, "http://school.test")), {
    wsHost: "ws.test",
    wsPort: 6001,
    wssPort: 6001,
    forceTLS: true,
    wsPath: undefined,
  });
  assert.equal(stockOptions({ ...own, scheme: "https", cluster: "eu" }, "http://school.test").wsHost, undefined);
});

test("an old socket's address leads to its channel; another is refused with what is allowed", () => {
  const { server, kind, channel } = oldAddress("wss://school.test/live/ws/content/gen_1?x=1");
  assert.deepEqual(
    [server, kind, channel],
    ["https://school.test/live", "content", "private-content-generation-gen_1"],
  );
  assert.equal(oldAddress("ws://h:1/ws/agent/agent_1").channel, "private-agent-agent_1");
  assert.equal(oldAddress("ws://h:1/ws/plugin/plugin_1").channel, "private-plugin-plugin_1");
  assert.equal(oldAddress("ws://h:1/ws/roblox").channel, null);
  assert.equal(oldAddress("ws://h:1/ws/native").channel, "test-channel");
  assert.throws(() => oldAddress("ws://h:1/elsewhere"), /those are \/ws\/content\/ID/);
});
