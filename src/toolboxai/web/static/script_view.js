// A script of a world: read, changed, compared with what it was, taken up again. Its text is text, here and everywhere.

import { at, fill, hide, make, quiet, say } from "./dom.js";
import { refused } from "./service.js";
import { act, acts, sentence, trouble } from "./trouble.js";
import { clock, size } from "./words.js";
import { SCRIPT } from "./worlds_words.js";

export class ScriptView {
  #door;
  #world = null; // of which it is
  #id = null; // of the script that is to be seen
  #script = null; // its newest revision that is known
  #seen = 0; // number of the revision that a change is made at

  /** @param door who is signed in; `door.show("script")` is called when a script is to be seen */
  constructor(door) {
    this.#door = door;
    acts("edit", "submit", () => this.#save());
    at("script-leave").addEventListener("click", () => this.#take(this.#script));
  }

  /** Whether something is written that is not saved. */
  get unsaved() {
    return this.#script !== null && at("source").value !== this.#script.source;
  }

  /** The newest revision of a script of this world. */
  async show(world, id) {
    this.clear();
    this.#world = world;
    this.#id = id;
    say("script-title", id);
    say("script-world", SCRIPT.back(world.name));
    at("script-world").href = `#world=${world.environment_id}`;
    this.#door.show("script");
    try {
      const [script, revisions] = await this.#read();
      if (this.#id === id) this.#shown(script, revisions);
    } catch (fault) {
      if (!refused(fault, 404)) throw fault;
      say("script-title", SCRIPT.missing);
      say("script-said", SCRIPT.missingWhy);
    }
  }

  /** The world has changed: this script perhaps too. What is being written stays. */
  async changed(world) {
    if (this.#script === null) return;
    this.#world = world;
    const id = this.#id;
    try {
      const [script, revisions] = await this.#read();
      if (this.#id !== id || script.revision < this.#script.revision) return;
      if (script.revision === this.#script.revision) this.#editable();
      else if (!this.unsaved) this.#shown(script, revisions);
      else say("script-said", SCRIPT.newer(script.revision));
    } catch (fault) {
      if (!refused(fault, 404)) trouble(fault);
    }
  }

  /** Show none, and forget what was written. */
  clear() {
    this.#world = this.#id = this.#script = null;
    at("source").value = "";
    say(["script-about", "script-said", "script-revisions"], "");
    hide(["edit", "script-diff"]);
    this.#alone();
  }

  #read() {
    const { service } = this.#door;
    return Promise.all(["", "/revisions"].map((path) => service.call("GET", this.#path(path))));
  }

  #path(path = "") {
    return `${this.#world.status_url}/scripts/${encodeURIComponent(this.#id)}${path}`;
  }

  // ---- what is seen ----

  #shown(script, { items }) {
    this.#script = script;
    fill("script-revisions", items.map((item, place) => this.#line(item, items[place + 1]?.revision ?? null)));
    this.#take(script);
  }

  /** This revision, and nothing that was written over it. */
  #take(script) {
    this.#script = script;
    this.#seen = script.revision;
    say("script-title", script.name);
    say("script-about", SCRIPT.about(script, size(script.size)));
    at("source").value = script.source;
    hide("edit", false);
    this.#alone();
    this.#editable();
  }

  /** Nothing is beside it, and nothing is said against it. */
  #alone() {
    say(["script-conflict", "script-faults", "theirs"], "");
    hide("script-theirs");
    say("script-save", SCRIPT.save);
    say("script-leave", SCRIPT.leave);
  }

  #editable() {
    const theirs = this.#world.role === "viewer";
    const may = !theirs && this.#world.status === "ready";
    at("source").readOnly = !may;
    hide("script-ways", !may);
    say("source-hint", may ? SCRIPT.editable : theirs ? SCRIPT.notYours : SCRIPT.notReady);
    for (const button of at("script-revisions").querySelectorAll("[data-way=restore]")) button.hidden = !may;
  }

  #line(item, before) {
    const { revision, created_at: time, build, author_id: author } = item;
    const now = revision === this.#script.revision;
    const ways = [];
    const way = (name, text, label, work) => {
      const pressed = () => act(null, at("script-revisions"), work);
      ways.push(quiet(text, pressed, { "data-way": name, "aria-label": label }));
    };
    if (before !== null) {
      way("diff", SCRIPT.changes, SCRIPT.changesOf(revision), () => this.#compare(before, revision));
    }
    if (!now) way("restore", SCRIPT.restore, SCRIPT.restoreOf(revision), () => this.#restore(revision));
    const you = author === this.#door.user.id;
    const said = [SCRIPT.of(clock(time), build, you), ...(now ? [SCRIPT.now] : [])];
    const hints = said.map((text) => make("p", text, { class: "hint" }));
    const parts = [make("strong", SCRIPT.revision(item)), ...hints, make("div", ways, { class: "ways" })];
    return make("li", parts, { "data-revision": revision });
  }

  /** What was found in it: [line, text], each with a way to its place. */
  #faults(found) {
    const line = ([number, text]) => {
      const go = quiet(SCRIPT.go(number), () => goTo(number));
      return make("li", [make("span", SCRIPT.line(number, text)), go]);
    };
    fill("script-faults", found.map(line));
  }

  // ---- what is done ----

  async #save() {
    say("script-said", SCRIPT.saving);
    await this.#change("PUT", "", { source: at("source").value }, (script, before) =>
      script.revision === before ? SCRIPT.same : SCRIPT.saved(script.revision),
    );
  }

  async #restore(number) {
    if (this.unsaved && !confirm(SCRIPT.unsaved)) return;
    const told = (script) => SCRIPT.restored(number, script.revision);
    await this.#change("POST", `/revisions/${number}/restore`, undefined, told);
    at("script-title").focus();
  }

  /** Make a change at the revision that was seen; `told` makes words of what is there then. */
  async #change(method, path, body, told) {
    const id = this.#id;
    const before = this.#seen;
    try {
      const seen = { "If-Match": `"r${before}"` };
      const script = await this.#door.service.call(method, this.#path(path), body, seen);
      if (this.#id !== id) return;
      const [newest, revisions] = await this.#read();
      if (this.#id !== id) return;
      const { value: written, selectionStart: from, selectionEnd: to } = at("source");
      this.#shown(newest, revisions);
      if (body !== undefined && written !== body.source) {
        at("source").value = written; // what was written while it was saved stays
        at("source").setSelectionRange(from, to);
      }
      say("script-said", script.risks.length > 0 ? SCRIPT.told : told(script, before));
      this.#faults(script.risks.map(({ line, message }) => [line, SCRIPT.risk.false(message)]));
    } catch (fault) {
      if (this.#id !== id) return;
      say("script-said", "");
      if (refused(fault, 412)) await this.#beside(id);
      else if (refused(fault, 422) && fault.faults.length + fault.risks.length > 0) this.#refused(fault);
      else throw fault;
    }
  }

  /** There is a newer revision: it stands beside what was written, and the next saving is made at it. */
  async #beside(id) {
    const [script, revisions] = await this.#read();
    if (this.#id !== id) return;
    const written = at("source").value;
    this.#shown(script, revisions);
    if (script.source === written) return say("script-said", SCRIPT.saved(script.revision)); // the answer was lost
    at("source").value = written;
    say("theirs", script.source);
    hide("script-theirs", false);
    const told = make("p", SCRIPT.conflict(script.revision), { tabindex: "-1" });
    fill("script-conflict", [told]);
    say("script-save", SCRIPT.mine);
    say("script-leave", SCRIPT.theirs);
    told.focus();
  }

  #refused({ faults, risks }) {
    say("script-said", SCRIPT.refused);
    this.#faults([
      ...faults.map(({ line, message, advice }) => [line, SCRIPT.why(message, sentence(advice))]),
      ...risks.map(({ line, message, refused }) => [line, SCRIPT.risk[refused](message)]),
    ]);
    at("script-faults").querySelector("button").focus();
  }

  async #compare(before, after) {
    const text = await this.#door.service.call("GET", this.#path(`/diff?before=${before}&after=${after}`));
    say("script-diff-title", SCRIPT.changesOf(after));
    const lines = text === "" ? [make("span", SCRIPT.noChanges)] : text.trimEnd().split("\n").map(diffLine);
    fill("diff", lines);
    hide("script-diff", false);
    at("script-diff-title").focus();
  }
}

function diffLine(text) {
  const tag = { "+": "ins", "-": "del" }[text[0]] ?? "span";
  return make(tag, text);
}

/** Mark a line of the text, and have it in sight. */
function goTo(number) {
  const field = at("source");
  const lines = field.value.split("\n");
  const place = Math.min(number, lines.length) - 1;
  const from = lines.slice(0, place).reduce((sum, line) => sum + line.length + 1, 0);
  field.focus();
  field.setSelectionRange(from, from + lines[place].length);
  field.scrollTop = (field.scrollHeight / lines.length) * Math.max(0, place - 3);
}
