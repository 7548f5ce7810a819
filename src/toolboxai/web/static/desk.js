// The desk: give a text, watch the lesson being made, fetch it, and find earlier ones. The parts are joined here.

import { Door } from "./door.js";
import { on } from "./dom.js";
import { Earlier } from "./earlier.js";
import { LessonView } from "./lesson_view.js";
import { Run } from "./run.js";
import { acts, trouble } from "./trouble.js";
import { Wish } from "./wish.js";

const door = new Door({ sections: ["pupil", "desk", "run", "lessons", "lesson"], entered: go, left: clear });
const wish = new Wish(door.service);
const run = new Run(door);
const earlier = new Earlier(door);
const lesson = new LessonView(door);
let shown = location.href; // the address of it

acts("wish", "submit", make);
acts("sample", "click", () => wish.sample());
on("share-run", "click", () => lesson.sharing.open(run.id, null));
on("another", "click", () => (location.hash = ""));
addEventListener("hashchange", () => door.user !== null && turn());
door.open();

/** What the address names: a run, a finished lesson, the list of lessons, else the text. An id in it is no secret. */
async function go() {
  const named = new URLSearchParams(location.hash.slice(1));
  shown = location.href;
  if (!door.user.permissions.includes("content:generate")) door.show("pupil");
  else if (named.has("session")) await run.show(named.get("session"));
  else if (named.has("content")) await lesson.show(named.get("content"));
  else if (named.has("lessons")) await earlier.show();
  else door.show("desk");
}

/** To what the address names now, away from what was shown, whether that has come to an end or not. */
async function turn() {
  if (location.hash === "#main") {
    history.replaceState(null, "", shown); // a step within the page: what is shown stays, over a reload too
    return;
  }
  trouble(null);
  try {
    await go();
  } catch (fault) {
    trouble(fault);
  }
}

async function make() {
  const session = await wish.send();
  run.begin(session);
  location.hash = `session=${session.session_id}`;
}

function clear() {
  run.clear();
  wish.clear();
  earlier.clear();
  lesson.clear();
  history.replaceState(null, "", location.pathname + location.search);
}
