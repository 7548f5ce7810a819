// The guide's class on Channels: what old code does with it, and what the guide's own got wrong.
import assert from "node:assert/strict";
import test from "node:test";
import { WebSocketManager } from "toolboxai-client";
import { FakeServer } from "toolboxai-client/testing";

const LESSON = "private-content-generation-gen_1";
const URL = "ws://server.test/ws/content/gen_1";
const progress = {
  session_id: "gen_1",
  stage: "content_analysis",
  progress_percent: 25,
  message: "Reading",
  estimated_completion: null,
};

/** What is written to the console while this runs. */
async function console_of(work) {
  const lines = [];
  const own = { ...console };
  for (const level of ["log", "warn", "error"]) console[level] = (...words) => lines.push(words);
  try {
    await work(lines);
  } finally {
    Object.assign(console, own);
  }
  return lines;
}

function school() {
  const server = new FakeServer();
  server.answer("GET /api/v1/auth/me", () => ({ id: "user_jane", role: "teacher", permissions: ["content:read"] }));
  const { token, ...options } = server.options("jane");
  return { server, token, options };
}

test("a lesson is shown in the guide's own words, and a cut is told as the guide does", async () => {
  const { server, token, options } = school();
  const lines = await console_of(async () => {
    const manager = new WebSocketManager(URL, token, options);
    assert.equal(manager.ws.readyState, 0);
    await server.settled();
    assert.equal(manager.ws.readyState, 1);
    server.message(LESSON, "progress_update", progress);
    server.cut();
    server.message(LESSON, "progress_update", { ...progress, progress_percent: 30 });
    assert.deepEqual([manager.reconnectAttempts, manager.reconnectDelay], [1, 2000]);
    server.mend();
    await server.settled();
    assert.deepEqual([manager.reconnectAttempts, manager.reconnectDelay], [0, 1000]);
    manager.close();
    await server.settled();
    assert.equal(manager.ws.readyState, 3);
    assert.equal(server.subscribers(LESSON), 0);
  });
  assert.deepEqual(lines, [
    ["WebSocket connected"],
    ["Authenticated successfully"],
    ["Progress: 25% - Reading"],
    ["WebSocket closed:", 1006],
    ["Reconnecting... attempt 1"],
    ["WebSocket connected"],
    ["Authenticated successfully"],
    ["Progress: 30% - Reading"],
    ["WebSocket closed:", 1000],
  ]);
});

test("handlers may be overridden and set; what nobody knows is logged and throws nothing", async () => {
  const { server, token, options } = school();
  const told = [];
  class Mine extends WebSocketManager {
    handleMessage(message) {
      told.push(message.type);
      super.handleMessage(message);
    }
  }
  const lines = await console_of(async () => {
    const manager = new Mine(URL, token, options);
    manager.onProgressUpdate = (data) => told.push(data.progress_percent);
    await server.settled();
    server.message(LESSON, "progress_update", progress);
    server.publish(LESSON, "another", { type: "another", data: {} });
    manager.close();
  });
  assert.deepEqual(told, ["auth_response", "progress_update", 25, "another"]);
  assert.deepEqual(
    lines.filter(([words]) => words === "Received message:"),
    [["Received message:", { type: "another", data: {} }]],
  );
});

test("a token that does not hold is an auth_error, and it does not come back", async () => {
  const { server, token, options } = school();
  const refuse = async (path, how) =>
    path.endsWith("/auth/me")
      ? {
          ok: false,
          status: 401,
          headers: { get: () => null },
          text: async () => `{"error_code":"TOKEN_EXPIRED","message":"over"}`,
        }
      : options.fetch(path, how);
  const lines = await console_of(async () => {
    const manager = new WebSocketManager(URL, token, { ...options, fetch: refuse });
    await server.settled();
    assert.equal(manager.ws.readyState, 3);
  });
  const received = lines.filter(([words]) => words === "Received message:").map(([, message]) => message);
  assert.deepEqual(
    received.map(({ type, data }) => [type, data]),
    [["auth_error", { error: "TOKEN_EXPIRED", message: "over" }]],
  );
  assert.deepEqual(
    lines.filter(([words]) => words.startsWith("Reconnecting")),
    [],
  );
});

test("a token that one's own `authenticate` sends is the one that counts, from then on", async () => {
  const { server, token, options } = school();
  const said = [];
  const fetching = async (path, how) => {
    if (path.endsWith("/auth/me")) said.push(how.headers.Authorization);
    return options.fetch(path, how);
  };
  class Fresh extends WebSocketManager {
    authenticate() {
      this.send({ type: "auth", token: `Bearer ${token}` });
    }
  }
  await console_of(async () => {
    const manager = new Fresh(URL, "one that is over", { ...options, fetch: fetching });
    const told = [];
    manager.handleMessage = ({ type }) => told.push(type);
    await server.settled();
    assert.deepEqual([said, server.subscribers(LESSON), told], [[`Bearer ${token}`], 1, ["auth_response"]]);
    manager.close();
  });
});

test("five refusals are the end, said once", async () => {
  const { server, token, options } = school();
  server.cut();
  const lines = await console_of(async () => {
    new WebSocketManager(URL, token, { ...options, sleep: () => Promise.resolve() });
    await server.settled();
  });
  assert.deepEqual(lines.filter(([words]) => words.startsWith("Reconnecting")).length, 5);
  assert.deepEqual(lines.at(-1), ["Max reconnection attempts reached"]);
});

test("what is sent too early waits, in order and bounded; overflow is reported", async () => {
  const { server, token, options } = school();
  const taken = [],
    over = [];
  server.answer("POST /api/v1/agents/agent_1/tasks", (body) => {
    taken.push(body.task_type);
    return { task_id: `task_${taken.length}`, status: "queued" };
  });
  const answers = [];
  await console_of(async () => {
    const manager = new WebSocketManager("ws://server.test/ws/agent/agent_1", token, options);
    manager.onOverflow = (message) => over.push(message.task_type);
    manager.handleMessage = (message) => answers.push([message.type, message.data?.task_id]);
    for (let n = 1; n <= 101; n += 1) manager.send({ type: "task_submit", task_type: `t${n}`, input: {} });
    await server.settled();
    manager.ws.send(JSON.stringify({ type: "ping" }));
    manager.close();
  });
  assert.deepEqual(
    taken,
    Array.from({ length: 100 }, (_, n) => `t${n + 1}`),
  );
  assert.deepEqual(over, ["t101"]);
  assert.deepEqual(answers.slice(0, 2), [
    ["auth_response", undefined],
    ["task_accepted", "task_1"],
  ]);
  assert.deepEqual(answers.at(-1), ["pong", undefined]);
});

test("of an agent comes its newest status and what is after it, not all that it ever did; and nothing is missed later", async () => {
  const { server, token, options } = school();
  const AGENT = "private-agent-agent_1";
  const status = (queue_length) =>
    server.message(AGENT, "agent_status", { agent_id: "agent_1", status: "active", queue_length, last_activity: null });
  const result = (task_id) =>
    server.message(AGENT, "task_result", {
      agent_id: "agent_1",
      task_id,
      status: "completed",
      result: {},
      execution_time_ms: 1,
    });
  status(1);
  result("task_1");
  status(2);
  result("task_2");
  const told = [];
  await console_of(async () => {
    const manager = new WebSocketManager("ws://server.test/ws/agent/agent_1", token, options);
    manager.handleMessage = ({ type, data }) => told.push([type, data.queue_length ?? data.task_id]);
    await server.settled();
    server.cut();
    result("task_3");
    status(3);
    server.mend();
    await server.settled();
    manager.close();
  });
  assert.deepEqual(
    told.filter(([type]) => type !== "auth_response"),
    [
      ["agent_status", 2],
      ["task_result", "task_2"],
      ["task_result", "task_3"],
      ["agent_status", 3],
    ],
  );
});

test("worlds are followed by subscribe, cancelled lessons and faults answered as before", async () => {
  const { server, token, options } = school();
  const told = [];
  server.deny("private-roblox-sync-env_other");
  await console_of(async () => {
    const manager = new WebSocketManager("ws://server.test/ws/roblox", token, options);
    manager.handleMessage = ({ type, data }) => told.push([type, data?.environment_id ?? data?.error_code]);
    manager.send({ type: "subscribe", environment_id: "env_1" });
    await server.settled();
    const components = { terrain: "pending", buildings: "pending", scripts: "pending" };
    server.message("private-roblox-sync-env_1", "environment_status", {
      environment_id: "env_1",
      status: "ready",
      progress: 100,
      components,
    });
    manager.send({ type: "subscribe", environment_id: "env_1" }); // again, as on a new connection
    manager.send({ type: "subscribe", environment_id: "env_other" });
    await server.settled();
    manager.send({ type: "unsubscribe", environment_id: "env_1" });
    manager.send({ type: "dance", message_id: "m1" });
    await server.settled();
    assert.equal(server.subscribers("private-roblox-sync-env_1"), 0);
    manager.close();
  });
  assert.deepEqual(told, [
    ["auth_response", undefined],
    ["subscribed", "env_1"],
    ["environment_status", "env_1"],
    ["subscribed", "env_1"],
    ["error", "RESOURCE_NOT_FOUND"],
    ["unsubscribed", "env_1"],
    ["error", "VALIDATION_ERROR"],
  ]);
});

test("every old socket's own messages become requests", async () => {
  const { server, token, options } = school();
  const asked = [];
  for (const request of ["DELETE /api/v1/content/sessions/gen_1", "POST /api/v1/plugins/plugin_1/messages"]) {
    server.answer(request, (body) => void asked.push([request, body]));
  }
  server.answer("POST /api/v1/realtime/echo", ({ socket_id, data }) =>
    server.publish("test-channel", "echo", { socket_id, data }),
  );
  const echoes = [];
  await console_of(async () => {
    const [lesson, plugin, native] = ["content/gen_1", "plugin/plugin_1", "native"].map(
      (path) => new WebSocketManager(`ws://server.test/ws/${path}`, token, options),
    );
    native.handleMessage = (message) => echoes.push(message);
    await server.settled();
    lesson.send({ type: "generation_cancel" });
    plugin.send({ type: "plugin_event", data: { saved: true }, message_id: "m1" });
    native.send({ type: "hello", n: 1 });
    await server.settled();
    for (const each of [lesson, plugin, native]) each.close();
  });
  assert.deepEqual(asked, [
    ["DELETE /api/v1/content/sessions/gen_1", null],
    [
      "POST /api/v1/plugins/plugin_1/messages",
      { messages: [{ type: "plugin_event", data: { saved: true }, message_id: "m1" }] },
    ],
  ]);
  assert.deepEqual(echoes.slice(1), [{ type: "hello", n: 1 }]);
});
