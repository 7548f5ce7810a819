// Lists of what there is to learn with: all that is shared with somebody, and what of it is for one class.

import { at, make } from "./dom.js";
import { all } from "./patience.js";
import { LEARN } from "./learn_words.js";

const AT_ONCE = 20; // lessons whose titles are asked for
const KINDS = ["content_session", "environment"]; // of what is shared: lessons, and worlds, of which a pupil sees the plan
const LOOK_MS = 15000; // between looks at what is new in a class

const STATES = { queued: LEARN.making, running: LEARN.making, generating: LEARN.making, complete: "", ready: "" };

export class Shelf {
  #service;
  #ahead = []; // shares whose lessons are not shown yet
  #timer = null;

  constructor(service) {
    this.#service = service;
  }

  /** Look no more for what is new. */
  pause() {
    clearTimeout(this.#timer);
  }

  /** Nothing of it is kept. */
  close() {
    this.pause();
    this.#ahead = [];
    for (const id of ["class-list", "lesson-list", "classroom-list"]) at(id).replaceChildren();
  }

  /** One's classes and what is shared with oneself, the newest first. */
  async show(wanted) {
    at("shelf-state").textContent = LEARN.looking;
    const [classes, shares] = await Promise.all([all(this.#service, "/api/v1/classes"), this.#shares()]);
    if (!wanted()) return;
    at("class-list").replaceChildren(...classes.map(classItem));
    at("classes").hidden = classes.length === 0;
    at("lesson-list").replaceChildren();
    this.#ahead = shares;
    await this.more(wanted);
    if (!wanted()) return;
    const none = classes.length === 0 && at("lesson-list").childElementCount === 0;
    at("shelf-state").textContent = none ? LEARN.nothing : "";
  }

  /** Some more of the lessons. */
  async more(wanted = () => true) {
    const next = this.#ahead.slice(0, AT_ONCE);
    const items = await this.#items(next);
    if (!wanted()) return;
    this.#ahead = this.#ahead.slice(AT_ONCE);
    at("lesson-list").append(...items);
    at("lessons").hidden = at("lesson-list").childElementCount === 0;
    at("more").hidden = this.#ahead.length === 0;
  }

  /** The lessons of one class; what is shared later appears by itself. */
  async showClass(found, user, wanted, first = true) {
    const shares = await this.#shares(`?class_id=${encodeURIComponent(found.class_id)}`).catch((fault) => {
      if (fault.status === 404) return []; // one is not in it any more
      throw fault;
    });
    const before = new Map([...at("classroom-list").children].map((item) => [item.dataset.share, item]));
    const asked = shares.filter(({ share_id }) => before.get(share_id)?.dataset.ready !== "true");
    const items = await this.#items(asked, false);
    if (!wanted()) return;
    const shared = new Set(shares.map(({ share_id }) => share_id));
    for (const [share, item] of before) if (!shared.has(share)) item.remove();
    for (const item of items) renew(before.get(item.dataset.share), item);
    const fresh = items.filter(({ dataset }) => !before.has(dataset.share));
    at("classroom-list").prepend(...fresh);
    const empty = at("classroom-list").childElementCount === 0;
    const nothing = found.owner_id === user.id ? LEARN.ownClass : LEARN.noLessons;
    const told = fresh.length > 0 && !first ? LEARN.newLesson(fresh[0].querySelector("a").textContent) : "";
    at("classroom-state").textContent = empty ? nothing : told;
    this.#later(() => this.showClass(found, user, wanted, false), wanted);
  }

  #later(look, wanted) {
    this.pause();
    this.#timer = setTimeout(() => {
      if (!wanted()) return;
      if (document.hidden) this.#later(look, wanted);
      else look().catch(() => this.#later(look, wanted)); // asked again, as always
    }, LOOK_MS);
  }

  /** Lessons that are shared, each once: with a class rather than otherwise. */
  async #shares(of = "") {
    const lessons = (await all(this.#service, `/api/v1/shares${of}`)).filter(({ kind }) => KINDS.includes(kind));
    const once = new Map();
    for (const share of lessons.reverse()) {
      const key = share.class_id === null ? share.id : `${share.id} ${share.class_id}`;
      once.set(key, share);
    }
    const inClasses = new Set(lessons.filter(({ class_id }) => class_id !== null).map(({ id }) => id));
    return [...once.values()].filter(({ id, class_id }) => class_id !== null || !inClasses.has(id));
  }

  async #items(shares, withClass = true) {
    const items = await Promise.all(shares.map((share) => this.#item(share, withClass)));
    return items.filter((item) => item !== null);
  }

  async #item(share, withClass) {
    const world = share.kind === "environment";
    let session;
    try {
      const list = world ? "/api/v1/roblox/environments" : "/api/v1/content/sessions";
      session = await this.#service.call("GET", `${list}/${encodeURIComponent(share.id)}`);
    } catch (fault) {
      if (fault.status === 404) return null; // ended since the list was read
      throw fault;
    }
    const where = { session: share.id, ...(share.class_id === null ? {} : { class: share.class_id }) };
    const href = world ? `/worlds#world=${share.id}` : `#${new URLSearchParams(where)}`;
    const state = STATES[session.status] ?? LEARN.unfinished;
    const item = make("li", undefined, { "data-share": share.share_id, "data-ready": String(state === "") });
    item.append(
      make("a", session.name ?? session.title ?? session.subject, { href }),
      make("span", LEARN.facts([
        world ? LEARN.world : session.title === null ? "" : session.subject,
        withClass && share.class_name !== null ? LEARN.inClass(share.class_name) : "",
        state,
      ]), { class: "state" }),
    );
    return item;
  }
}

/** What was shown gives way to what is known now; the focus stays where it is. */
function renew(before, item) {
  if (before === undefined || before.isEqualNode(item)) return;
  const had = before.contains(document.activeElement);
  before.replaceWith(item);
  if (had) item.querySelector("a").focus();
}

function classItem({ class_id, name, members }) {
  const item = make("li");
  item.append(
    make("a", name, { href: `#${new URLSearchParams({ class: class_id })}` }),
    make("span", LEARN.members(members), { class: "state" }),
  );
  return item;
}
