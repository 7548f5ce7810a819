// The pupils' answers on their way, without a browser: what is sent, what is kept, and what is told.

import assert from "node:assert/strict";
import test from "node:test";

// ---- a browser of one's own ----

class Store {
  getItem(name) {
    return this[name] ?? null;
  }
  setItem(name, value) {
    this[name] = String(value);
  }
  removeItem(name) {
    delete this[name];
  }
}

const channels = new Set();
const timers = new Map();
let newest = 0;

Object.assign(globalThis, {
  addEventListener() {},
  document: { querySelector: () => null, getElementById: () => ({ scrollIntoView() {} }) },
  BroadcastChannel: class {
    constructor() {
      channels.add(this);
    }
    postMessage(data) {
      for (const other of channels) if (other !== this) other.onmessage({ data });
    }
  },
  setTimeout(call, after) {
    timers.set(++newest, { call, after });
    return newest;
  },
  clearTimeout: (timer) => timers.delete(timer),
});

const { Outbox } = await import("../../src/toolboxai/web/static/outbox.js");
const { Refusal, SignedOut, Unreachable } = await import("../../src/toolboxai/web/static/service.js");

const settled = () => new Promise(setImmediate);

/** What waits for so long or less happens. */
async function later(ms) {
  for (const [timer, { call, after }] of [...timers]) {
    if (after > ms) continue;
    timers.delete(timer);
    call();
  }
  await settled();
}

const ANSWER = { content_id: "content_1", class_id: "class_1", question_id: "q1", answer: "rain" };

/** A server that does what it is told, question after question, and at the end takes what comes. */
class Server {
  asked = [];
  taken = new Map(); // key -> body
  will = [];

  async fetch(_path, { headers, body, signal }) {
    const key = headers["Idempotency-Key"];
    this.asked.push({ key, ...JSON.parse(body) });
    await this.will.shift()?.(key, body, signal);
    this.taken.set(key, JSON.parse(body));
    const items = [{ question_id: JSON.parse(body).answers[0].question_id, correct: true, score: 1 }];
    return { json: async () => ({ items }) };
  }
}

const refuses = (fault) => async () => {
  throw fault;
};

function window(server) {
  const told = [];
  const answers = new Outbox(server, {
    graded: (_content, question, { answer }) => told.push(`${question}: ${answer}`),
    changed() {},
    refused: (entry, { status }) => told.push(`${entry.question_id} refused ${status}`),
  });
  return { answers, told };
}

function anew() {
  globalThis.localStorage = new Store();
  channels.clear();
  timers.clear();
  return new Server();
}

const kept = () => Object.keys(localStorage).length;

// ---- what must not happen ----

test("a reload in the middle sends again what was taken and not told, under the same key and in the same order", async () => {
  const server = anew();
  server.will.push((key, body) => {
    server.taken.set(key, body);
    throw new Unreachable("cut");
  }, refuses(new Unreachable("cut")));
  const first = window(server);
  first.answers.begin("user_1");
  first.answers.give(ANSWER);
  await settled();
  first.answers.give({ ...ANSWER, question_id: "q2" });
  await settled();
  assert.deepEqual([first.answers.away, first.answers.count, kept()], [true, 2, 2]);

  const second = window(server);
  second.answers.begin("user_1");
  await settled();
  assert.deepEqual(second.told, ["q1: rain", "q2: rain"]);
  assert.deepEqual(server.asked.map(({ answers: [{ question_id }] }) => question_id), ["q1", "q1", "q1", "q2"]);
  assert.equal(server.asked[0].key, server.asked[2].key);
  assert.deepEqual([server.taken.size, kept()], [2, 0]);
  assert.deepEqual(first.told, second.told, "the other window is told");
  assert.equal(first.answers.count, 0);
});

test("an answer that never comes is waited for so long, then the question is asked again", async () => {
  const server = anew();
  const hangs = (_key, _body, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Unreachable("aborted"))));
  server.will.push(hangs);
  const { answers, told } = window(server);
  answers.begin("user_1");
  answers.give(ANSWER);
  await settled();
  assert.equal(answers.away, false);
  await later(20_000);
  assert.deepEqual([answers.away, kept()], [true, 1]);
  await later(2_000);
  assert.deepEqual([told, answers.away, kept()], [["q1: rain"], false, 0]);
  assert.deepEqual([server.asked.length, server.taken.size], [2, 1]);
});

test("what cannot be read as an answer is none", async () => {
  const server = anew();
  const { answers, told } = window({ fetch: async () => ({ json: async () => JSON.parse("<html>") }) });
  answers.begin("user_1");
  answers.give(ANSWER);
  await settled();
  assert.deepEqual([told, answers.away, kept(), server.taken.size], [[], true, 1, 0]);
});

test("the end of a sign-in loses nothing, whoever comes in between", async () => {
  const server = anew();
  server.will.push(refuses(new SignedOut()));
  const { answers, told } = window(server);
  answers.begin("user_1");
  answers.give(ANSWER);
  await settled();
  answers.end(true);
  answers.begin("user_2");
  await settled();
  assert.deepEqual([told, answers.count, server.asked.length], [[], 0, 1]);
  answers.end(true);
  answers.begin("user_1");
  await settled();
  assert.deepEqual([told, kept()], [["q1: rain"], 0]);
});

test("what nobody comes back for in a month goes, whosever it was", () => {
  const server = anew();
  const month = 30 * 24 * 3600 * 1000;
  const key = (time) => time.toString(16).padStart(12, "0") + "0".repeat(24);
  localStorage.setItem(`toolboxai-answer-user_9-${key(Date.now() - month - 1)}`, JSON.stringify(ANSWER));
  localStorage.setItem(`toolboxai-answer-user_9-${key(Date.now() - month / 2)}`, JSON.stringify(ANSWER));
  window(server).answers.begin("user_1");
  assert.equal(kept(), 1);
});

test("who signs out leaves nothing behind", async () => {
  const server = anew();
  server.will.push(refuses(new Unreachable("cut")));
  const { answers } = window(server);
  answers.begin("user_1");
  answers.give(ANSWER);
  await settled();
  answers.end(false);
  assert.deepEqual([kept(), answers.count], [0, 0]);
});

test("an answer outlives its class, over a reload too", async () => {
  const server = anew();
  const gone = refuses(new Refusal(404, {}));
  server.will.push(gone, refuses(new Unreachable("cut")));
  const first = window(server);
  first.answers.begin("user_1");
  first.answers.give(ANSWER);
  await settled();
  const { answers, told } = window(server);
  answers.begin("user_1");
  await settled();
  assert.deepEqual(server.asked.map(({ class_id }) => class_id), ["class_1", null, null]);
  assert.deepEqual([told, kept()], [["q1: rain"], 0]);
});

test("what the server refuses for good is told once and not kept", async () => {
  const server = anew();
  server.will.push(refuses(new Refusal(422, {})));
  const { answers, told } = window(server);
  answers.begin("user_1");
  answers.give(ANSWER);
  await settled();
  await later(60_000);
  assert.deepEqual([told, kept(), server.asked.length], [["q1 refused 422"], 0, 1]);
});
