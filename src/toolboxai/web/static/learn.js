// The pupils' page: what is shared with somebody, a class, a lesson to watch and to read, its quiz. The parts are joined here.

import { Outbox } from "./outbox.js";
import { Door } from "./door.js";
import { at } from "./dom.js";
import { Making } from "./making.js";
import { all, patiently } from "./patience.js";
import { Presence } from "./presence.js";
import { END, Quiz } from "./quiz.js";
import { reading } from "./reading.js";
import { Refusal } from "./service.js";
import { Shelf } from "./shelf.js";
import { Told, act, trouble } from "./trouble.js";
import { Watch } from "./watch.js";
import { LEARN, QUIZ } from "./learn_words.js";

const door = new Door({ sections: ["shelf", "classroom", "lesson", "quiz", "gone"], entered, left });
const { service } = door;
const presence = new Presence(service, here);
const answers = new Outbox(service, { graded, changed: () => quiz.changed(), refused });
const quiz = new Quiz(answers, (question) => address({ quiz: question }));
const shelf = new Shelf(service);
const making = new Making();
let asked = new URLSearchParams(); // what the address asks for: session, class, quiz
let turn = 0; // of what was asked for last: what comes late of another is not shown
let session = null; // the generation whose lesson is open
let content = null; // the lesson that is open, when it is there
let alone = false; // whether the lesson that is open is of no class
let watch = null;

at("more").addEventListener("click", () => act(null, at("more"), () => shelf.more()));
at("another-class").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = `join=${encodeURIComponent(at("another-code").value.trim().toUpperCase())}`; // the door takes it
  at("another-class").reset();
});
addEventListener("hashchange", ({ newURL }) => {
  // What the door has taken out of the address is its own.
  if (door.user !== null && new URL(newURL).hash === location.hash) go();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says what is shown
  at("main").focus();
});
door.open();

function entered(user) {
  answers.begin(user.id);
  if (user.permissions.includes("content:read")) go();
  else gone(LEARN.goneLesson, LEARN.mayNot);
}

function left() {
  turn += 1;
  answers.end(service.signedIn); // who signs out takes it along; it outlasts somebody else who comes between
  presence.leave();
  quiz.close();
  shelf.close();
  closeLesson();
  at("away").textContent = "";
  history.replaceState(null, "", location.pathname);
}

// ---- where one is ----

/** The address with this changed: null takes a part out. */
function address(changes) {
  const parts = Object.entries({ session: asked.get("session"), class: asked.get("class"), ...changes });
  return `#${new URLSearchParams(parts.filter(([, value]) => value !== null))}`;
}

async function go() {
  const mine = ++turn;
  asked = new URLSearchParams(location.hash.slice(1));
  trouble(null);
  shelf.pause();
  if (asked.get("session") !== session?.session_id) closeLesson();
  try {
    if (asked.has("session")) await lesson(mine);
    else if (asked.has("class")) await classroom(mine);
    else await everything(mine);
  } catch (fault) {
    if (mine === turn) unless404(fault);
  }
}

/** Ask until there is an answer, or something else is wanted. */
function ask(work, mine) {
  return patiently(work, () => mine === turn, (away) => {
    if (mine === turn) at("away").textContent = away ? LEARN.away : "";
  });
}

function unless404(fault) {
  if (!(fault instanceof Refusal && (fault.status === 404 || fault.status === 403))) return trouble(fault);
  if (!asked.has("session")) gone(LEARN.goneClass, LEARN.whyGoneClass);
  else gone(session === null ? LEARN.goneLesson : LEARN.endedLesson, LEARN.whyGone);
}

function gone(title, why) {
  presence.leave();
  closeLesson();
  at("away").textContent = "";
  at("gone-title").textContent = title;
  at("gone-why").textContent = why;
  door.show("gone");
}

function here(count) {
  at("here").textContent = count === null ? "" : LEARN.here(count);
  at("here").hidden = count === null;
}

// ---- what there is ----

async function everything(mine) {
  presence.leave();
  door.show("shelf");
  await ask(() => shelf.show(() => mine === turn), mine);
}

async function classroom(mine) {
  const id = asked.get("class");
  const path = `/api/v1/classes/${encodeURIComponent(id)}`;
  at("classroom-title").textContent = LEARN.looking;
  at("classroom-list").replaceChildren();
  door.show("classroom");
  const found = await ask(() => service.call("GET", path), mine);
  if (mine !== turn) return;
  presence.join(found.presence_channel);
  at("classroom-title").textContent = found.name;
  at("classroom-title").focus();
  await ask(() => shelf.showClass(found, door.user, () => mine === turn), mine);
}

// ---- a lesson ----

async function lesson(mine) {
  if (session === null) {
    at("lesson-title").textContent = LEARN.looking;
    at("lesson-facts").textContent = at("link").textContent = "";
    for (const id of ["making", "reading", "to-quiz"]) at(id).hidden = true;
    door.show("lesson");
    const path = `/api/v1/content/sessions/${encodeURIComponent(asked.get("session"))}`;
    const found = await ask(() => service.call("GET", path), mine);
    if (mine !== turn) return;
    session = found;
  }
  await attend(mine);
  if (mine !== turn) return;
  if (session.status === "complete") await read(mine);
  else if (watch === null || watch.stopped) await follow(mine);
  else door.show("lesson");
}

/** Be there in the class of the lesson. Where the address names none, it is the one with which the lesson is shared. */
async function attend(mine) {
  if (!asked.has("class") && !alone) {
    const shares = await ask(() => all(service, "/api/v1/shares"), mine);
    if (mine !== turn) return;
    const classes = shares.filter((share) => share.id === session.session_id && share.class_id !== null);
    alone = classes.length !== 1;
    if (!alone) asked.set("class", classes[0].class_id);
    if (!alone) history.replaceState(null, "", `#${asked}`);
  }
  presence.join(asked.has("class") ? `presence-classroom-${asked.get("class")}` : null);
}

async function follow(mine) {
  making.reset();
  wayBack();
  door.show("lesson");
  const watched = session;
  watch = new Watch(service, watched, {
    event: (event) => session === watched && heard(event),
    words: () => {}, // they are not yet what the teacher lets stand
    link: (state) => session === watched && making.link(state),
    trouble: (fault) => session === watched && unless404(fault),
  });
  await watch.start();
}

function heard(event) {
  making.event(event);
  if (event.type !== "generation_complete") return; // a stage that stopped may be tried again
  watch.stop();
  session.status = "complete";
  if (asked.get("session") === session.session_id) go();
}

async function read(mine) {
  const path = `/api/v1/content/${encodeURIComponent(session.content_id)}`;
  if (content === null) {
    const found = await ask(() => service.call("GET", path), mine);
    if (mine !== turn) return;
    content = found;
  }
  await ask(() => quiz.open(content, asked.get("class")), mine);
  if (mine !== turn) return;
  const questions = content.quiz.questions.length;
  if (asked.has("quiz") && questions > 0) {
    at("from-quiz").href = address({});
    door.show("quiz");
    quiz.show(asked.get("quiz"));
    return;
  }
  making.done();
  at("lesson-title").textContent = content.title;
  at("lesson-title").lang = content.lesson.language;
  at("lesson-facts").textContent = LEARN.facts([content.lesson.subject, LEARN.minutes(content.lesson.duration_minutes)]);
  at("reading").replaceChildren(...reading(content.lesson));
  at("reading").hidden = false;
  at("to-quiz").hidden = questions === 0;
  const done = quiz.answered;
  at("quiz-so-far").textContent = done === 0 ? LEARN.quiz(questions) : LEARN.soFar(done, questions);
  at("begin-quiz").textContent = done === 0 ? LEARN.begin : done < questions ? LEARN.goOn : LEARN.look;
  at("begin-quiz").href = address({ quiz: done === questions ? END : "" });
  wayBack();
  door.show("lesson");
}

function wayBack() {
  const id = asked.get("class");
  at("from-lesson").textContent = id === null ? LEARN.toShelf : LEARN.toClass;
  at("from-lesson").href = id === null ? "#" : `#${new URLSearchParams({ class: id })}`;
}

function closeLesson() {
  watch?.stop();
  watch = session = content = null;
  alone = false;
  at("lesson-title").lang = document.documentElement.lang;
  at("reading").replaceChildren();
}

// ---- answers ----

function graded(contentId, question, result) {
  quiz.graded(contentId, question, result);
}

/** An answer that the server does not take, now or later. */
function refused(entry, fault) {
  quiz.changed();
  if (entry.content_id !== session?.content_id) return trouble(fault);
  if (fault.status === 422) act(null, at("quiz"), anew);
  else unless404(fault);
}

/** The quiz has changed since it was read. */
async function anew() {
  content = null;
  await go();
  trouble(new Told(QUIZ.changed));
}
