// The client on the fake server: no network, no waiting.
import assert from "node:assert/strict";
import test from "node:test";
import { connect, createClient, SendQueueFull, SubscriptionDenied } from "toolboxai-client";
import { FakeServer } from "toolboxai-client/testing";

const AGENT = "private-agent-agent_1";
const ROOM = "presence-classroom-1";
const status = (queue_length) => ({ agent_id: "agent_1", status: "idle", queue_length, last_activity: null });

function begun(user = "jane", more = {}) {
  const server = new FakeServer();
  return { server, client: connect({ ...server.options(user), ...more }) };
}

test("what was missed comes after a cut, once and in order", async () => {
  const { server, client } = begun();
  server.message(AGENT, "agent_status", status(1));
  const lengths = [];
  client.subscribe(AGENT, { since: 0 }).on("agent_status", ({ data, seq }) => lengths.push([seq, data.queue_length]));
  await server.settled();
  server.message(AGENT, "agent_status", status(2));
  server.cut();
  server.message(AGENT, "agent_status", status(3));
  assert.equal(client.state, "waiting");
  server.mend();
  await server.settled();
  server.message(AGENT, "agent_status", status(4));
  await server.settled();
  assert.deepEqual(lengths, [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ]);
});

test("who subscribes later on the same channel gets the past that was asked for, and the others nothing twice", async () => {
  const { server, client } = begun();
  for (const n of [1, 2, 3]) server.message(AGENT, "agent_status", status(n));
  const first = [],
    second = [],
    third = [];
  client.subscribe(AGENT, { since: 1 }).onAny(({ seq }) => seq && first.push(seq));
  await server.settled();
  client.subscribe(AGENT, { since: 0 }).onAny(({ seq }) => seq && second.push(seq));
  client.subscribe(AGENT).onAny(({ seq }) => seq && third.push(seq));
  await server.settled();
  server.message(AGENT, "agent_status", status(4));
  await server.settled();
  assert.deepEqual([first, second, third], [[2, 3, 4], [1, 2, 3, 4], [4]]);
  assert.equal(server.subscribers(AGENT), 1);
});

test("the server is told to stop when the last of a channel's subscriptions is left, and not before", async () => {
  const { server, client } = begun();
  const [one, other] = [client.subscribe("news"), client.subscribe("news")];
  const ends = [];
  one.onEnd((fault) => ends.push(fault));
  await server.settled();
  one.unsubscribe();
  one.unsubscribe();
  await server.settled();
  assert.deepEqual([server.subscribers("news"), one.ended, other.ended, ends], [1, true, false, [null]]);
  other.unsubscribe();
  const again = client.subscribe("news"); // in the same turn, as components do that are mounted anew
  await server.settled();
  assert.equal(server.subscribers("news"), 1);
  again.unsubscribe();
  await server.settled();
  assert.equal(server.subscribers("news"), 0);
});

test("a channel that is refused ends with the reason, and its waiting events are told", async () => {
  const errors = [];
  const { server, client } = begun("jane", { onError: (words) => errors.push(words) });
  server.deny("private-other");
  const channel = client.subscribe("private-other");
  channel.trigger("client-hello", 1);
  await assert.rejects(channel.ready, (fault) => fault instanceof SubscriptionDenied && fault.status === 403);
  assert.equal(channel.ended, true);
  assert.match(errors.join(), /client-hello on private-other was not sent.*private-other: you may not follow it/);
  assert.throws(() => channel.trigger("client-hello", 1), TypeError);
});

test("a name that no channel can have is refused, and its waiting events are told", async () => {
  const errors = [];
  const { server, client } = begun("jane", { onError: (words) => errors.push(words) });
  await server.settled();
  const room = client.subscribe("private-room 7");
  const ends = [];
  room.onEnd((fault) => ends.push(fault.name));
  room.trigger("client-wave", {});
  await assert.rejects(room.ready, { name: "SubscriptionDenied", message: /letters, digits and _-=@,\.; alone/ });
  assert.deepEqual([ends, errors.length, server.subscribers("private-room 7")], [["SubscriptionDenied"], 2, 0]);
  room.unsubscribe();
});

test("without a token that could be had there is a connection, and public channels", async () => {
  const { server, client } = begun("jane", {
    token: () => {
      throw new Error("nobody is signed in");
    },
  });
  await client.subscribe("news").ready;
  assert.equal(server.subscribers("news"), 1);
  await assert.rejects(client.subscribe("private-room").ready, /nobody is signed in/);
});

test("many channels of one turn are signed by one request", async () => {
  const server = new FakeServer();
  const options = server.options();
  const asked = [];
  const fetching = (path, how) => {
    asked.push(path);
    return options.fetch(path, how);
  };
  const client = connect({ ...options, fetch: fetching });
  const channels = Array.from({ length: 40 }, (_, n) => client.subscribe(`private-room-${n}`));
  await Promise.all(channels.map(({ ready }) => ready));
  assert.equal(asked.filter((path) => path.endsWith("/pusher/auth")).length, 1);
});

test("subscriptions that stand at the same place share one question to the history", async () => {
  const server = new FakeServer();
  const options = server.options();
  const asked = [];
  const fetching = (path, how) => {
    if (path.includes("/history")) asked.push(path);
    return options.fetch(path, how);
  };
  const client = connect({ ...options, fetch: fetching });
  const heard = [];
  for (const _ of [1, 2, 3]) client.subscribe(AGENT, { since: 0 }).on("agent_status", ({ seq }) => heard.push(seq));
  await server.settled();
  server.message(AGENT, "agent_status", status(1));
  server.cut();
  server.message(AGENT, "agent_status", status(2));
  server.mend();
  await server.settled();
  assert.deepEqual(heard, [1, 1, 1, 2, 2, 2]);
  assert.deepEqual(
    asked.map((path) => path.split("&")[1]),
    ["after=0", "after=1"],
  );
});

test("a token that is not taken is made anew, once", async () => {
  const server = new FakeServer();
  const options = server.options();
  const tokens = [];
  const client = connect({
    ...options,
    token: (refused) => {
      tokens.push(refused);
      return refused === undefined ? "old" : options.token;
    },
    fetch: async (path, how) =>
      how.headers.Authorization === "Bearer old"
        ? { ok: false, status: 401, headers: { get: () => null }, text: async () => `{"message":"over"}` }
        : options.fetch(path, how),
  });
  await client.subscribe("private-room").ready;
  assert.deepEqual(tokens.slice(0, 2), [undefined, "old"]);
});

test("requests that were refused with the same token share one exchange, and later ones need none", async () => {
  const server = new FakeServer();
  const options = server.options();
  let exchanges = 0;
  const client = connect({
    ...options,
    token: async (refused) => {
      if (refused === undefined) return "old";
      exchanges += 1;
      await server.settled();
      return options.token;
    },
    fetch: async (path, how) =>
      how.headers.Authorization === "Bearer old"
        ? { ok: false, status: 401, headers: { get: () => null }, text: async () => "" }
        : options.fetch(path, how),
  });
  server.answer("GET /a", () => 1);
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => client.request("GET", "/a"))), [1, 1, 1]);
  assert.equal(await client.request("GET", "/a"), 1);
  assert.equal(exchanges, 1);
});

test("an exchange that fails is tried again by the next request", async () => {
  const server = new FakeServer();
  const options = server.options();
  const answers = [
    () => {
      throw new Error("away");
    },
    () => "old",
    () => options.token,
  ];
  const client = createClient({
    ...options,
    token: (refused) => (refused === undefined ? "old" : answers.shift()()),
    fetch: async (path, how) =>
      how.headers.Authorization === "Bearer old"
        ? { ok: false, status: 401, headers: { get: () => null }, text: async () => "" }
        : options.fetch(path, how),
  });
  server.answer("GET /a", () => 1);
  await assert.rejects(client.request("GET", "/a"), {
    name: "RequestUnavailable",
    message: /no token could be had: Error: away/,
  });
  await assert.rejects(client.request("GET", "/a"), { name: "RequestRefused", status: 401 });
  assert.equal(await client.request("GET", "/a"), 1);
});

test("a network that is back ends the pause, and leaves no listener behind", async () => {
  const listeners = new Set();
  globalThis.addEventListener = (name, listener) => listeners.add(listener);
  globalThis.removeEventListener = (name, listener) => listeners.delete(listener);
  try {
    const server = new FakeServer();
    const client = connect({ ...server.options(), sleep: () => new Promise(() => {}) });
    await client.connected();
    server.cut();
    server.mend();
    await server.settled();
    assert.equal(client.state, "waiting");
    for (const back of [...listeners]) back();
    await client.connected();
    assert.equal(listeners.size, 0);
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  }
});

test("an endpoint that is busy is asked again, and one that fails for good is a refusal", async () => {
  const server = new FakeServer();
  const options = server.options();
  let busy = 2;
  const client = connect({
    ...options,
    fetch: async (path, how) =>
      path.endsWith("/auth") && busy-- > 0
        ? { ok: false, status: 503, headers: { get: () => "1" }, text: async () => "" }
        : options.fetch(path, how),
  });
  await client.subscribe("private-room").ready;
  busy = 1000;
  await assert.rejects(client.subscribe("private-other").ready, { name: "SubscriptionDenied", status: 503 });
});

test("client events wait for their channel, reach the others with their sender, and are bounded", async () => {
  const server = new FakeServer();
  const jane = connect({ ...server.options("jane"), queue: 2 });
  const john = connect(server.options("john"));
  const heard = [];
  john.subscribe(ROOM).on("client-move", (data, { userId }) => heard.push([data, userId]));
  await server.settled();
  const hers = jane.subscribe(ROOM);
  hers.trigger("client-move", { x: 1 });
  hers.trigger("client-move", { x: 2 });
  assert.throws(() => hers.trigger("client-move", { x: 3 }), SendQueueFull);
  await server.settled();
  assert.deepEqual(heard, [
    [{ x: 1 }, "jane"],
    [{ x: 2 }, "jane"],
  ]);
  assert.deepEqual(
    server.triggered.map(({ userId }) => userId),
    ["jane", "jane"],
  );
  assert.throws(() => hers.trigger("move", 1), /begins with 'client-'/);
  assert.throws(() => jane.subscribe("news").trigger("client-move", 1), /private and presence channels only/);
  assert.throws(() => jane.subscribe("private-encrypted-a").trigger("client-move", 1), TypeError);
});

test("data that is no JSON is refused to its sender and keeps back no other; later changes do not go out", async () => {
  const { server, client } = begun();
  const channel = client.subscribe(ROOM);
  const position = { x: 1 };
  channel.trigger("client-move", position);
  position.x = 9;
  const circular = {};
  circular.self = circular;
  for (const data of [circular, { n: 1n }]) {
    assert.throws(() => channel.trigger("client-bad", data), { name: "TypeError", message: /'client-bad'/ });
  }
  channel.trigger("client-move", { x: 2 });
  await server.settled();
  assert.deepEqual(
    server.triggered.map(({ event, data }) => [event, data]),
    [
      ["client-move", { x: 1 }],
      ["client-move", { x: 2 }],
    ],
  );
});

test("a client is not made with a rate that no event could keep", () => {
  for (const eventsPerS of [0, -1, NaN, Infinity]) {
    assert.throws(() => createClient({ url: "", eventsPerS }), { name: "TypeError", message: /finite number above 0/ });
  }
});

test("who is on a presence channel is known, comes and goes, and each once", async () => {
  const server = new FakeServer();
  const jane = connect(server.options({ id: "jane", info: { name: "Jane" } }));
  const channel = jane.subscribe(ROOM);
  const seen = [];
  channel.on("pusher:member_added", ({ id }) => seen.push(`+${id}`));
  channel.on("pusher:member_removed", ({ id }) => seen.push(`-${id}`));
  await channel.ready;
  assert.deepEqual(channel.me, { id: "jane", info: { name: "Jane" } });
  const johns = [connect(server.options("john")), connect(server.options("john"))];
  for (const john of johns) john.subscribe(ROOM);
  await server.settled();
  assert.deepEqual(
    channel.members.map(({ id }) => id),
    ["jane", "john"],
  );
  johns[0].close();
  await server.settled();
  assert.deepEqual(seen, ["+john"]);
  johns[1].close();
  await server.settled();
  assert.deepEqual([seen, server.members(ROOM)], [["+john", "-john"], ["jane"]]);
});

test("it gives up, says so once, and begins anew with what is still wanted", async () => {
  const server = new FakeServer();
  const options = server.options();
  const states = [],
    given = [];
  const client = connect({
    ...options,
    maxAttempts: 3,
    sleep: () => Promise.resolve(),
    onState: (state) => states.push(state),
    onGiveUp: (fault) => given.push(fault.name),
  });
  const seqs = [];
  client.subscribe(AGENT, { since: 0 }).on("agent_status", ({ seq }) => seqs.push(seq));
  await client.connected();
  server.message(AGENT, "agent_status", status(1));
  await server.settled();
  states.length = 0;
  server.cut();
  await server.settled();
  assert.deepEqual(given, ["GaveUp"]);
  assert.deepEqual(states, [...Array(3).fill(["waiting", "connecting"]).flat(), "closed"]);
  assert.equal(client.fault.name, "GaveUp");
  await assert.rejects(client.connected(), { name: "GaveUp" });
  await assert.rejects(client.subscribe("news").ready, { name: "GaveUp" });
  server.message(AGENT, "agent_status", status(2));
  server.mend();
  client.open();
  await server.settled();
  assert.deepEqual([client.state, client.fault, seqs], ["connected", null, [1, 2]]);
});

test("a server that names a pause is given it, for the connection too", async () => {
  const server = new FakeServer();
  const pauses = [];
  const headers = { "Retry-After": "20" };
  server.answer("GET /api/v1/realtime/config", () => new Response("{}", { status: 429, headers }));
  const sleep = async (ms) => void pauses.push(ms);
  const client = connect({ ...server.options(), maxAttempts: 2, dice: () => 0.5, sleep });
  await assert.rejects(client.connected(), { name: "GaveUp" });
  assert.deepEqual(pauses, [20_000, 20_000]);
});

test("it waits 1, 2, 4, 8 and 16 seconds, and begins that row again once it was connected", async () => {
  const server = new FakeServer();
  const waits = [];
  let lost;
  const sleep = (ms) => {
    waits.push(ms);
    if (waits.length === 3) server.mend();
    if (waits.length === 4) lost();
    return Promise.resolve();
  };
  const client = connect({ ...server.options(), dice: () => 0.5, sleep });
  await client.connected();
  server.cut();
  await client.connected();
  const again = new Promise((resolve) => (lost = resolve));
  server.cut();
  await again;
  await server.settled();
  assert.deepEqual(waits, [1000, 2000, 4000, 1000, 2000, 4000, 8000, 16000]);
  assert.equal(client.fault.name, "GaveUp");
});

test("where a channel's events have an address of their own, they are read there, page by page", async () => {
  const { server, client } = begun();
  const pages = {
    0: { items: [{ type: "told", seq: 1 }], next_cursor: 1 },
    1: { items: [{ type: "told", seq: 2 }], next_cursor: null },
  };
  server.answer("GET /api/v1/content/sessions/gen_1/events", (_body, path) => pages[path.split("after=")[1]]);
  const seqs = [];
  const channel = client.subscribe("private-mine", {
    since: 0,
    eventsUrl: "/api/v1/content/sessions/gen_1/events?limit=1",
  });
  channel.on("told", ({ seq }) => seqs.push(seq));
  await server.settled();
  assert.deepEqual(seqs, [1, 2]);
});

test("what the history cannot give is told with its numbers", async () => {
  const errors = [];
  const { server, client } = begun("jane", { onError: (words) => errors.push(words) });
  const seqs = [];
  client.subscribe("private-mine", { since: 2 }).on("told", ({ seq }) => seqs.push(seq));
  await server.settled();
  server.publish("private-mine", "told", { type: "told", seq: 6 });
  await server.settled();
  assert.deepEqual([seqs, errors], [[6], ["private-mine: the events 3 to 5 could not be had"]]);
});

test("a member `seq` of others' events counts nothing: all of them come", async () => {
  const { server, client } = begun();
  const john = connect(server.options("john"));
  const mary = connect(server.options("mary"));
  const heard = [];
  client.subscribe(ROOM).onAny(({ name, data, seq }) => name.startsWith("pusher:") || heard.push([data.seq, seq]));
  const [his, hers] = [john.subscribe(ROOM), mary.subscribe(ROOM)];
  await server.settled();
  his.trigger("client-move", { seq: 10 });
  await server.settled();
  hers.trigger("client-move", { type: "client-move", seq: 3 });
  await server.settled();
  for (const seq of [7, 2]) server.publish(ROOM, "score", { seq });
  assert.deepEqual(heard, [
    [10, null],
    [3, null],
    [7, null],
    [2, null],
  ]);
});

test("closed and opened in one turn it is connected; closed it stays closed", async () => {
  const { server, client } = begun();
  await client.connected();
  client.close();
  client.open();
  client.close();
  client.open();
  await server.settled();
  assert.equal(client.state, "connected");
  client.close();
  await server.settled();
  server.cut();
  server.mend();
  await server.settled();
  assert.deepEqual([client.state, client.socketId, client.fault], ["closed", null, null]);
});

test("who waits for a connection is told when it is closed instead", async () => {
  const server = new FakeServer();
  server.cut();
  const client = connect(server.options());
  const waiting = client.connected();
  const { ready } = client.subscribe("news");
  client.close();
  await assert.rejects(waiting, { name: "ConnectionClosed" });
  await assert.rejects(ready, { name: "ConnectionClosed" });
});

test("where nobody answers, the address is told and what to look at", async () => {
  const cause = new Error("connect ECONNREFUSED 127.0.0.1:1");
  const refusing = () => Promise.reject(new TypeError("fetch failed", { cause }));
  const client = connect({ url: "http://127.0.0.1:1/", maxAttempts: 0, fetch: refusing });
  await assert.rejects(client.connected(), {
    name: "GaveUp",
    message: /http:\/\/127\.0\.0\.1:1\/api.*\(connect ECONNREFUSED .*:1\).*is the server running, the port right/,
  });
});

test("a client that was only made asks for nothing", async () => {
  const server = new FakeServer();
  const client = createClient({ ...server.options(), fetch: () => assert.fail("it asked") });
  client.subscribe("private-room");
  await server.settled();
  assert.equal(client.state, "closed");
});

test("one listener's fault is told, and keeps nothing from the others", async () => {
  const errors = [];
  const { server, client } = begun("jane", { onError: (words) => errors.push(words) });
  const channel = client.subscribe("news");
  const heard = [];
  channel.on("headline", () => {
    throw new Error("oh");
  });
  const end = channel.on("headline", (data) => heard.push(data));
  await server.settled();
  server.publish("news", "headline", "rain");
  end();
  server.publish("news", "headline", "sun");
  assert.deepEqual(heard, ["rain"]);
  assert.match(errors[0], /a listener to headline on news threw: Error: oh/);
});

test("a fault in what is told of the connection is the program's, and the client comes back", async () => {
  const thrown = [];
  const own = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (fault) => thrown.push(fault.message));
  try {
    const { server, client } = begun("jane", {
      onState: (state) => {
        throw new Error(state);
      },
    });
    await client.connected();
    server.cut();
    server.mend();
    await client.connected();
    await server.settled();
    assert.deepEqual(thrown, ["connecting", "connected", "waiting", "connecting", "connected"]);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of own) process.on("uncaughtException", listener);
  }
});

test("an authorisation that has ended is renewed, and nothing is missed meanwhile", async () => {
  const { server, client } = begun();
  const seqs = [];
  const channel = client.subscribe(AGENT, { since: 0 });
  channel.on("agent_status", ({ seq }) => seqs.push(seq));
  await server.settled();
  server.publish(AGENT, "pusher:subscription_expired", {});
  server.message(AGENT, "agent_status", status(1));
  await server.settled();
  assert.deepEqual([seqs, channel.subscribed, server.subscribers(AGENT)], [[1], true, 1]);
});

test("the debug switch tells what comes and goes, without a signature or a token", async () => {
  const lines = [];
  const { server, client } = begun("jane", { debug: (line) => lines.push(line) });
  const channel = client.subscribe("private-room");
  await channel.ready;
  channel.trigger("client-a", { token: "hush" });
  server.publish("private-room", "told", { access_token: "hush" });
  client.close();
  assert.deepEqual(
    lines.filter((line) => line.includes("hush")),
    [],
  );
  assert.match(lines.join("\n"), /connecting\nconnected 1\.1\nsend client-a.*\nmessage .*told.*\nclosed/);
});

test("a long poll has the time that servers take for one; what the client asks for itself has less", async (t) => {
  const times = [];
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  t.mock.method(AbortSignal, "timeout", (ms) => (times.push(ms), timeout(ms)));
  const { server, client } = begun();
  await server.settled();
  server.answer("POST /api/v1/agents/agent_1/claim", () => null);
  await client.request("POST", "/api/v1/agents/agent_1/claim?wait=25", { worker: "one" });
  assert.deepEqual(times, [10_000, 40_000]);
  client.close();
});

test("no other server is told the token", async () => {
  const server = new FakeServer();
  const { token, ...options } = server.options();
  const told = [];
  const fetching = async (address, how) => {
    told.push([new URL(address).host, how.headers.Authorization]);
    return { ok: true, status: 200, headers: { get: () => null }, text: async () => "null" };
  };
  const client = createClient({ ...options, token, fetch: fetching });
  for (const path of ["/x", "http://server.test/x", "https://server.test/x", "https://assets.test/x"]) {
    await client.request("GET", path);
  }
  assert.deepEqual(told, [
    ["server.test", `Bearer ${token}`],
    ["server.test", `Bearer ${token}`],
    ["server.test", undefined],
    ["assets.test", undefined],
  ]);
});

test("what a server answers on its own routes can be given", async () => {
  const { server, client } = begun();
  server.answer("POST /api/v1/agents", (body) => ({ agent_id: "agent_1", name: body.name }));
  assert.deepEqual(await client.request("POST", "/api/v1/agents", { name: "a" }), { agent_id: "agent_1", name: "a" });
  await assert.rejects(client.request("GET", "/nowhere"), {
    name: "RequestRefused",
    status: 404,
    code: "RESOURCE_NOT_FOUND",
  });
});
