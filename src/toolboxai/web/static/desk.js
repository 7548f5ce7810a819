// The desk: give a text, watch the lesson being made, fetch it. The parts are joined here.

import { Door } from "./door.js";
import { at } from "./dom.js";
import { randomKey } from "./keys.js";
import { LessonView } from "./lesson_view.js";
import { RunView } from "./run_view.js";
import { save } from "./save.js";
import { open, passes } from "./service.js";
import { Told, act, marked, trouble } from "./trouble.js";
import { Watch } from "./watch.js";
import { SAMPLE, TROUBLE } from "./words.js";

const door = new Door({ sections: ["desk", "run", "lesson"], entered, left: clear });
const { service } = door;
const view = new RunView(fetchFile);
const lesson = new LessonView(door, at("lesson"));
let wish = null; // {key, text}: the same wish sent again is the same lesson
let session = null; // the generation that is shown
let watch = null;
let running = false; // whether more events are to come
let made = null; // content that is ready and not shown yet

at("wish").addEventListener("submit", (event) => act(event, at("wish"), generate));
at("sample").addEventListener("click", (event) => act(event, at("sample"), takeSample));
at("retry").addEventListener("click", (event) => act(event, at("retry"), retry));
at("another").addEventListener("click", () => door.show("desk"));
at("share-run").addEventListener("click", () => lesson.sharing.open(session.session_id, null));
addEventListener("hashchange", () => door.user !== null && go());
door.open();

function entered(user) {
  go();
  if (!user.permissions.includes("content:generate")) trouble(new Told(TROUBLE.noStudents));
  if (made !== null) act(null, at("run"), collect);
  else if (running) watch.start();
}

/** What the address names, else the text or what is made of it. */
function go() {
  const wanted = new URLSearchParams(location.hash.slice(1)).get("content");
  if (wanted !== null) lesson.show(wanted);
  else door.show(session === null ? "desk" : "run");
}

function clear() {
  lesson.clear();
  watch?.stop();
  watch = session = wish = made = null;
  running = false;
  at("wish").reset();
  marked(at("wish"), {});
}

// ---- a lesson ----

async function takeSample() {
  at("source_text").value = await open("/static/sample.md");
  for (const name of ["subject", "grade_level", "duration_minutes", "num_questions"]) at(name).value = SAMPLE[name];
  at("learning_objectives").value = SAMPLE.learning_objectives.join("\n");
  marked(at("wish"), {});
}

async function generate() {
  marked(at("wish"), {});
  const body = {
    source_text: at("source_text").value,
    subject: at("subject").value.trim(),
    grade_level: at("grade_level").value.trim(),
    duration_minutes: Number(at("duration_minutes").value),
    num_questions: Number(at("num_questions").value),
    learning_objectives: at("learning_objectives").value.split("\n").map((line) => line.trim()).filter(Boolean),
  };
  const text = JSON.stringify(body);
  if (wish?.text !== text) wish = { key: randomKey(), text };
  session = await service.call("POST", "/api/v1/content/generate", body, { "Idempotency-Key": wish.key });
  wish = null; // taken: the same form sent once more is a new lesson
  view.reset();
  door.show("run");
  const mine = session;
  watch = new Watch(service, session, {
    event: (event) => heard(mine, event),
    link: (state) => view.link(state),
    trouble,
  });
  running = true;
  await watch.start();
}

async function retry() {
  await service.call("POST", `${session.status_url}/retry`);
  view.retried();
  running = true;
  await watch.start();
}

function heard(from, event) {
  if (from !== session) return;
  view.event(event);
  if (event.type !== "generation_complete" && event.type !== "error") return;
  watch.stop();
  running = false;
  if (event.type === "error") return;
  made = event.data.content_id;
  act(null, at("run"), collect);
}

async function collect() {
  const wanted = made;
  for (let pause = 1000; ; pause = Math.min(pause * 1.5, 15000)) {
    try {
      const content = await service.call("GET", `/api/v1/content/${wanted}`);
      if (made !== wanted) return;
      made = null;
      view.finished(content);
      return;
    } catch (fault) {
      if (made !== wanted) return;
      if (!passes(fault)) throw fault;
      view.link("away");
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

// A link cannot carry the token. Its address is signed for this one file and five minutes, so it is made on demand.
function fetchFile(format, sheet) {
  return act(null, at("files"), async () => {
    const link = await service.call("POST", `/api/v1/content/${session.content_id}/download-link`, { format, sheet });
    await save(link.url);
  });
}
