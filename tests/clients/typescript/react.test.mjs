// The hooks in a page without a browser, under StrictMode, on the fake server; with whichever React lies beside this file.
import assert from "node:assert/strict";
import test, { afterEach } from "node:test";
import { Window } from "happy-dom";

const window = new Window({ url: "http://server.test/" });
const { document, navigator } = window;
for (const [name, value] of Object.entries({ window, document, navigator, IS_REACT_ACT_ENVIRONMENT: true })) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true }); // Node has a navigator of its own
}

const { createElement: h, act, StrictMode } = await import("react");
const { createRoot, hydrateRoot } = await import("react-dom/client");
const { renderToString } = await import("react-dom/server");
const { createClient } = await import("toolboxai-client");
const { FakeServer } = await import("toolboxai-client/testing");
const {
  RealtimeProvider,
  useAgents,
  useChannel,
  useConnectionState,
  useEvent,
  useGeneration,
  usePresence,
  useRobloxSync,
  useTrigger,
  useWebSocket,
} = await import("toolboxai-client/react");

const LESSON = "private-content-generation-gen_1";
const ROOM = "presence-classroom-1";
const progress = (percent) => ({
  session_id: "gen_1",
  stage: "quiz_generation",
  progress_percent: percent,
  message: `at ${percent}`,
  estimated_completion: null,
});
const complete = {
  session_id: "gen_1",
  content_id: "content_1",
  download_url: "/api/v1/content/download/content_1",
  summary: { lesson_sections: 3, quiz_questions: 6, duration_minutes: 40 },
};

const roots = [];
afterEach(async () => {
  for (const { unmount } of roots.splice(0)) await unmount();
});

/** A page of these components for somebody. */
async function page(server, user, ...components) {
  const client = createClient(server.options(user));
  const element = window.document.createElement("div");
  const root = createRoot(element);
  const shown = {
    client,
    text: () => element.textContent,
    render: (...some) =>
      then(server, () =>
        root.render(h(StrictMode, null, h(RealtimeProvider, { client }, ...some.map((each, key) => h(each, { key }))))),
      ),
    unmount: () => then(server, () => root.unmount()),
  };
  roots.push(shown);
  await shown.render(...components);
  return shown;
}

/** Do it, let React do its part, then let all be told that was begun by either. */
async function then(server, work) {
  await act(async () => void work());
  await act(() => server.settled());
}

function Lesson() {
  const { status, percent, stages, contentId, words, error } = useGeneration("gen_1");
  return `[${status} ${percent} ${stages.length} ${contentId ?? ""}${words}${error?.code ?? ""}]`;
}

test("a lesson is followed from its first event, across a cut, by all who show it, on one subscription", async () => {
  const server = new FakeServer();
  server.message(LESSON, "progress_update", progress(10));
  const shown = await page(server, "jane", Lesson);
  assert.equal(shown.text(), "[running 10 0 ]");
  await then(server, () => {
    server.publish(LESSON, "content_delta", {
      type: "content_delta",
      data: { session_id: "gen_1", stage: "lesson_generation", text: "🌧 Ra", offset: 0 },
    });
    server.publish(LESSON, "content_delta", {
      type: "content_delta",
      data: { session_id: "gen_1", stage: "lesson_generation", text: "in", offset: 4 },
    });
  });
  assert.equal(shown.text(), "[running 10 0 🌧 Rain]");
  await then(server, () => server.cut());
  server.message(LESSON, "stage_complete", {
    session_id: "gen_1",
    completed_stage: "content_analysis",
    next_stage: "lesson_generation",
    stage_results: {},
  });
  server.message(LESSON, "progress_update", progress(40));
  await then(server, () => server.mend());
  assert.equal(shown.text(), "[running 40 1 ]");
  await shown.render(Lesson, Lesson);
  await then(server, () => server.message(LESSON, "generation_complete", complete));
  assert.equal(shown.text(), "[complete 100 1 content_1][complete 100 1 content_1]");
  assert.equal(server.subscribers(LESSON), 1);
  await shown.unmount();
  assert.equal(server.subscribers(LESSON), 0);
  assert.equal(shown.client.state, "closed");
});

test("a lesson that fails says why, and one that is another's is denied", async () => {
  const server = new FakeServer();
  server.message(LESSON, "error", {
    session_id: "gen_1",
    error_code: "SOURCE_TOO_SHORT",
    message: "more",
    details: { terminal: true },
  });
  assert.equal((await page(server, "jane", Lesson)).text(), "[failed 0 0 SOURCE_TOO_SHORT]");
  const other = new FakeServer();
  other.deny(LESSON);
  assert.equal((await page(other, "jane", Lesson)).text(), "[denied 0 0 SubscriptionDenied]");
});

test("mounting a thousand times leaves one connection and no subscription behind", async () => {
  const server = new FakeServer();
  const shown = await page(server, "jane", () => null);
  const id = shown.client.socketId;
  for (let n = 0; n < 10; n += 1) {
    await shown.render(...Array.from({ length: 100 }, () => Lesson));
    assert.equal(server.subscribers(LESSON), 1);
    await shown.render(() => null);
    assert.equal(server.subscribers(LESSON), 0);
  }
  assert.equal(shown.client.socketId, id);
});

test("an event is handled by the newest handler, once for each component, without subscribing anew", async () => {
  const server = new FakeServer();
  const heard = [];
  let round = 1;
  function Ear() {
    const now = round;
    useEvent("news", "headline", (data, { name }) => heard.push([now, data, name]));
    useEvent(null, "headline", () => assert.fail());
    return null;
  }
  const shown = await page(server, "jane", Ear);
  await then(server, () => server.publish("news", "headline", "rain"));
  round = 2;
  await shown.render(Ear);
  await then(server, () => server.publish("news", "headline", "sun"));
  assert.deepEqual(heard, [
    [1, "rain", "headline"],
    [2, "sun", "headline"],
  ]);
});

test("who is in a room is shown, comes and goes, and what one sends reaches the others", async () => {
  const server = new FakeServer();
  let send;
  function Room() {
    const { me, members, subscribed } = usePresence(ROOM);
    send = useTrigger(ROOM);
    return `${subscribed} ${me?.id} of ${members.map(({ id }) => id).join()}`;
  }
  const heard = [];
  function Ear() {
    useEvent(ROOM, "client-wave", (data, { userId }) => heard.push([data, userId]));
    return null;
  }
  const jane = await page(server, "jane", Room);
  assert.equal(jane.text(), "true jane of jane");
  const waves = send;
  const john = await page(server, "john", Ear);
  await then(server, () => {});
  assert.equal(jane.text(), "true jane of jane,john");
  await then(server, () => waves("client-wave", { n: 1 }));
  assert.deepEqual(heard, [[{ n: 1 }, "jane"]]);
  await john.unmount();
  await then(server, () => {});
  assert.equal(jane.text(), "true jane of jane");
  await then(server, () => server.cut());
  assert.equal(jane.text(), "false jane of jane");
  await then(server, () => server.mend());
  assert.equal(jane.text(), "true jane of jane");
  assert.equal(send, waves);
  await jane.unmount();
  assert.throws(() => waves("client-wave", 1), /not mounted/);
});

test("who is in a room is shown to a component that comes later, too", async () => {
  const server = new FakeServer();
  const Sender = () => (useTrigger(ROOM), null);
  const Room = () =>
    usePresence(ROOM)
      .members.map(({ id }) => id)
      .join();
  const shown = await page(server, "jane", Sender);
  await shown.render(Sender, Room);
  assert.equal(shown.text(), "jane");
});

test("the connection's state is shown", async () => {
  const server = new FakeServer();
  const shown = await page(server, "jane", () => useConnectionState());
  assert.equal(shown.text(), "connected");
  await then(server, () => server.cut());
  assert.equal(shown.text(), "waiting");
  await then(server, () => server.mend());
  assert.equal(shown.text(), "connected");
});

test("a channel is there while it is mounted, and another when its name is", async () => {
  const server = new FakeServer();
  let name = "news";
  const seen = [];
  function Holder() {
    const channel = useChannel(name);
    seen.push(channel?.name ?? null);
    return null;
  }
  const shown = await page(server, "jane", Holder);
  name = "sport";
  await shown.render(Holder);
  assert.deepEqual([server.subscribers("news"), server.subscribers("sport"), seen.at(-1)], [0, 1, "sport"]);
  name = null;
  await shown.render(Holder);
  assert.deepEqual([server.subscribers("sport"), seen.at(-1)], [0, null]);
});

test("agents are listed, live, and read anew after a cut", async () => {
  const server = new FakeServer();
  const agent = (id, queue_length) => ({
    agent_id: id,
    name: id,
    task_types: [],
    built_in: false,
    status: "idle",
    queue_length,
    current_task: null,
    last_activity: null,
  });
  let items = [agent("agent_1", 0)];
  server.answer("GET /api/v1/agents", () => ({ items, next_cursor: null }));
  function Agents() {
    const { agents, error } = useAgents();
    return error ?? agents?.map((each) => `${each.agent_id} ${each.status} ${each.queue_length}`).join(", ") ?? "…";
  }
  const shown = await page(server, "jane", Agents);
  assert.equal(shown.text(), "agent_1 idle 0");
  await then(server, () =>
    server.message("private-agent-agent_1", "agent_status", {
      agent_id: "agent_1",
      status: "active",
      queue_length: 3,
      last_activity: null,
      current_task: "quiz_generation",
    }),
  );
  assert.equal(shown.text(), "agent_1 active 3");
  await then(server, () => server.cut());
  items = [agent("agent_2", 7)];
  await then(server, () => server.mend());
  assert.equal(shown.text(), "agent_2 idle 7");
  assert.deepEqual([server.subscribers("private-agent-agent_1"), server.subscribers("private-agent-agent_2")], [0, 1]);
});

test("what an agent does between the list and the subscription is shown", async () => {
  const server = new FakeServer();
  let readings = 0;
  server.answer("GET /api/v1/agents", () => {
    readings += 1;
    const moved = { agent_id: "agent_1", status: "idle", queue_length: readings, current_task: null };
    return { items: [moved], next_cursor: null };
  });
  const Agents = () => useAgents().agents?.map(({ queue_length }) => queue_length).join() ?? "…";
  const shown = await page(server, "jane", Agents);
  await then(server, () => {});
  assert.equal(shown.text(), "2"); // read again when it was followed
  assert.equal(readings, 2);
});

test("a world comes along, and its lists do not grow for ever", async () => {
  const server = new FakeServer();
  const WORLD = "private-roblox-sync-env_1";
  const components = { terrain: "complete", buildings: "in_progress", scripts: "pending" };
  server.message(WORLD, "environment_status", {
    environment_id: "env_1",
    status: "generating",
    progress: 40,
    components,
  });
  for (let n = 0; n < 250; n += 1) {
    server.message(WORLD, "asset_ready", {
      environment_id: "env_1",
      asset_type: "model",
      asset_id: null,
      asset_name: `a${n}`,
    });
  }
  function World() {
    const { status, progress, components: parts, scripts, assets, error } = useRobloxSync("env_1");
    return `${status} ${progress} ${parts?.terrain} ${scripts.length} ${assets.length} ${error}`;
  }
  const shown = await page(server, "jane", World);
  assert.equal(shown.text(), "generating 40 complete 0 200 null");
  for (const checksum of ["aa", "bb", "aa"]) {
    await then(server, () =>
      server.message(WORLD, "script_update", { environment_id: "env_1", script_type: "server", checksum }),
    );
  }
  assert.equal(shown.text(), "generating 40 complete 2 200 null");
});

test("a server renders the page without asking for anything, and the browser takes it over", async () => {
  const server = new FakeServer();
  const silent = createClient({ ...server.options("jane"), fetch: () => assert.fail("it asked") });
  const view = (client) =>
    h(
      RealtimeProvider,
      { client },
      h(Lesson),
      h(() => `${useConnectionState()} ${usePresence(ROOM).members.length}`),
    );
  const html = renderToString(view(silent));
  assert.equal(html.replaceAll("<!-- -->", ""), "[waiting 0 0 ]closed 0");
  assert.equal(silent.state, "closed");
  const element = window.document.createElement("div");
  element.innerHTML = html;
  server.message(LESSON, "progress_update", progress(10));
  const complaints = [];
  let root;
  await then(server, () => {
    root = hydrateRoot(element, view(createClient(server.options("jane"))), {
      onRecoverableError: (fault) => complaints.push(fault),
    });
  });
  assert.equal(element.textContent, "[running 10 0 ]connected 1");
  assert.deepEqual(complaints, []);
  await then(server, () => root.unmount());
});

test("the guide's hook shows what it showed, and keeps its last thousand messages", async () => {
  const server = new FakeServer();
  server.answer("GET /api/v1/auth/me", () => ({ id: "user_jane", role: "teacher", permissions: [] }));
  server.answer("DELETE /api/v1/content/sessions/gen_1", () => null);
  const { token, ...options } = server.options("jane");
  let hook;
  function Progress() {
    hook = useWebSocket("ws://server.test/ws/content/gen_1", token, options);
    const latest = hook.messages.filter(({ type }) => type === "progress_update").at(-1);
    return `${hook.connectionStatus} ${hook.messages.length} ${latest?.data.message ?? ""}`;
  }
  const shown = await page(server, "jane", Progress);
  assert.equal(shown.text(), "Connected 1 ");
  await then(server, () => server.message(LESSON, "progress_update", progress(10)));
  assert.equal(shown.text(), "Connected 2 at 10");
  await then(server, () => hook.sendMessage({ type: "generation_cancel" }));
  await then(server, () => {
    for (let n = 0; n < 1100; n += 1) server.message(LESSON, "progress_update", progress(n % 100));
  });
  assert.equal(shown.text(), "Connected 1000 at 99");
  await shown.unmount();
  assert.equal(server.subscribers(LESSON), 0);
});

test("a hook without a provider says what is missing", () => {
  assert.throws(() => renderToString(h(Lesson)), /there is no RealtimeProvider above this component/);
});
