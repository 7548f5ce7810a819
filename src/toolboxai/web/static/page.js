// The first page: sign in, give a text, watch the lesson being made, fetch it. The parts are joined here.

import { RunView } from "./run_view.js";
import { save } from "./save.js";
import { Refusal, Service, SignedOut, Unreachable, open, passes } from "./service.js";
import { Watch } from "./watch.js";
import { DOOR, SAMPLE, TROUBLE } from "./words.js";

/** Trouble that has its words already. */
class Told extends Error {}

// Before anything else: the code goes out of the address bar, where it could be read, copied or kept.
let code = takeCode();

const at = (id) => document.getElementById(id);
const service = new Service();
const view = new RunView(fetchFile);
let wish = null; // {key, text}: the same wish sent again is the same lesson
let session = null; // the generation that is shown
let watch = null;
let running = false; // whether more events are to come
let made = null; // content that is ready and not shown yet
let account = null;

at("login").addEventListener("submit", (event) => act(event, at("login"), login));
at("wish").addEventListener("submit", (event) => act(event, at("wish"), generate));
at("sample").addEventListener("click", (event) => act(event, at("sample"), takeSample));
at("retry").addEventListener("click", (event) => act(event, at("retry"), retry));
at("sign-out").addEventListener("click", (event) => act(event, at("sign-out"), signOut));
at("code-again").addEventListener("click", (event) => act(event, at("login"), enterWithCode));
at("another").addEventListener("click", () => show("desk"));
addEventListener("hashchange", () => {
  code = takeCode() ?? code;
  if (code !== null) act(null, at("login"), enterWithCode);
});

if (code === null) show("door");
else act(null, at("login"), enterWithCode);
offerElsewhere();

// ---- signing in and out ----

function takeCode() {
  const found = new URLSearchParams(location.hash.slice(1));
  if (!found.has("code")) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return { text: found.get("code"), elsewhere: found.get("from") === "oidc" };
}

/** The school's identity provider, where there is one; without an answer the password is still there. */
async function offerElsewhere() {
  const { oidc } = await open("/api/v1/auth/ways").catch(() => ({ oidc: null }));
  if (oidc === null) return;
  at("elsewhere").textContent = DOOR.elsewhere(oidc.label);
  at("elsewhere").href = oidc.url;
  at("elsewhere").hidden = false;
}

async function enterWithCode() {
  const used = code;
  try {
    const user = await service.signInWithCode(used.text, used.elsewhere);
    code = null;
    at("code-again").hidden = true;
    entered(user);
  } catch (fault) {
    if (!passes(fault)) code = null;
    at("code-again").hidden = code === null;
    show("door");
    throw passes(fault) ? fault : new Told(used.elsewhere ? TROUBLE.notSignedIn : TROUBLE.codeUsed);
  }
}

async function login() {
  try {
    entered(await service.signIn(at("name").value.trim(), at("password").value));
    at("login").reset();
  } catch (fault) {
    throw fault instanceof Refusal && fault.status === 401 ? new Told(TROUBLE.wrongPassword) : fault;
  }
}

function entered(user) {
  // Somebody else at the same desk does not find what the one before left there.
  if (account !== null && account !== user.id) clear();
  account = user.id;
  at("who").textContent = user.display_name || user.username;
  at("account").hidden = false;
  show(session === null ? "desk" : "run");
  if (!user.permissions.includes("content:generate")) trouble(new Told(TROUBLE.noStudents));
  if (made !== null) act(null, at("run"), collect);
  else if (running) watch.start();
}

async function signOut() {
  clear();
  account = null;
  at("account").hidden = true;
  show("door");
  try {
    await service.signOut();
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw new Told(TROUBLE.signedOutHere);
  }
}

function clear() {
  watch?.stop();
  watch = session = wish = made = null;
  running = false;
  at("wish").reset();
  marked({});
}

// ---- a lesson ----

async function takeSample() {
  at("source_text").value = await open("/static/sample.md");
  for (const name of ["subject", "grade_level", "duration_minutes", "num_questions"]) at(name).value = SAMPLE[name];
  at("learning_objectives").value = SAMPLE.learning_objectives.join("\n");
  marked({});
}

async function generate() {
  marked({});
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
  show("run");
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

// ---- the page ----

/** Do something that may fail, one at a time for each place, and tell what went wrong in words. */
async function act(event, place, work) {
  event?.preventDefault();
  if (place.ariaBusy === "true") return;
  busy(place, true);
  trouble(null);
  try {
    await work();
  } catch (fault) {
    trouble(fault);
  } finally {
    busy(place, false);
  }
}

function busy(place, is) {
  place.ariaBusy = String(is);
  for (const button of [place, ...place.querySelectorAll("button[type=submit]")]) {
    if (button.matches("button")) button.ariaDisabled = String(is);
  }
}

function show(name) {
  for (const id of ["door", "desk", "run"]) at(id).hidden = id !== name;
  at(`${name}-title`).focus();
}

function trouble(fault) {
  const place = at("trouble");
  if (fault instanceof SignedOut) {
    at("account").hidden = true;
    show("door");
  }
  const marks = fault instanceof Refusal && marked(faulty(fault));
  place.textContent = fault === null ? "" : marks ? TROUBLE.fields : plain(fault);
  place.hidden = fault === null;
  if (fault !== null && !marks) place.scrollIntoView({ block: "nearest" });
}

function plain(fault) {
  if (fault instanceof Told) return fault.message;
  if (fault instanceof SignedOut) return TROUBLE.signedOut;
  if (fault instanceof Unreachable) return TROUBLE.unreachable;
  if (!(fault instanceof Refusal)) {
    console.error(fault); // a fault of this page: the browser's console has the place
    return TROUBLE.ours;
  }
  const said = fault.message.charAt(0).toUpperCase() + fault.message.slice(1);
  const next = [said.endsWith(".") ? said : `${said}.`];
  if (fault.retryAfter !== null) next.push(TROUBLE.wait(fault.retryAfter));
  if (fault.status >= 500 && fault.requestId !== null) next.push(TROUBLE.report(fault.requestId));
  return next.join(" ");
}

/** What is wrong, by field; what is said of the text alone is said at the text. */
function faulty(refusal) {
  return refusal.code.startsWith("SOURCE_") ? { source_text: refusal.message } : refusal.fields;
}

/** Say at each field what is wrong with it; whether there was one. `learning_objectives[2]` is learning_objectives. */
function marked(fields) {
  const faults = Object.entries(fields).map(([name, text]) => [name.split(/[.[]/)[0], text]);
  let first = null;
  for (const field of at("wish").querySelectorAll("input, textarea")) {
    const told = faults.filter(([name]) => name === field.name).map(([, text]) => text);
    const place = at(`${field.name}-fault`);
    place.textContent = told.join("; ");
    place.hidden = told.length === 0;
    field.ariaInvalid = String(told.length > 0);
    if (told.length > 0) first ??= field;
  }
  first?.focus();
  return first !== null;
}

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is not there on plain http
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
