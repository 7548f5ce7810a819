// What one world looks like: its components, what went wrong, its pictures, files and scripts. It decides nothing.

import { at, fill, hide, make, quiet, say } from "./dom.js";
import { patiently } from "./patience.js";
import { save } from "./save.js";
import { act, sentence, trouble } from "./trouble.js";
import { LINK, size } from "./words.js";
import { plans } from "./world_plan.js";
import { choices } from "./world_wish.js";
import { COMPONENTS, COMPONENT_STATES, SIZES, THEMES, WORLD, WORLD_FORMATS } from "./worlds_words.js";

const MARKS = { waiting: "", working: "…", done: "✓", failed: "!", skipped: "–" };
const ACTIVE = ["queued", "generating"];

export class WorldView {
  #service;
  #drawn = null; // what the pictures are of
  #filed = null; // what the files are of
  #listed = null; // what the scripts are of
  #offered = null; // what the form for another build was filled with

  /** @param service from which pictures, files and scripts come */
  constructor(service) {
    this.#service = service;
  }

  /** Nothing is known of it yet. */
  looking() {
    this.#drawn = this.#filed = this.#listed = this.#offered = null;
    say("world-title", WORLD.looking);
    say(["world-about", "world-said", "link"], "");
    hide(["world-body", "world-lesson", "world-preview", "world-scripts"]);
    at("anew").open = false;
  }

  /** There is none, or not for this account. */
  missing() {
    say("world-title", WORLD.missing);
    say("world-said", WORLD.missingWhy);
    say("link", "");
    at("world-title").focus();
  }

  /** How the live connection is. */
  link(state) {
    at("link").dataset.state = state;
    say("link", LINK[state]);
  }

  /** What an event says of it. */
  heard({ status, role, progress, components }) {
    const rows = Object.entries(components).map(row);
    for (const made of rows) {
      const before = at("stages").querySelector(`[data-stage=${made.dataset.stage}]`);
      if (before === null) at("stages").append(made);
      else if (before.dataset.state !== made.dataset.state) renew(before, made);
    }
    at("progress").value = progress;
    say("percent", `${progress} %`);
    say("world-said", WORLD.state[status] ?? status);
    say("world-retry", WORLD.retry[status] ?? "");
    hide("world-cancel", role === "viewer" || !ACTIVE.includes(status));
    if (ACTIVE.includes(status)) hide(["world-retry", "world-error"]);
  }

  /** The whole, as the server has it. */
  show(world) {
    const own = world.role === "owner";
    const may = world.role !== "viewer";
    say("world-title", world.name);
    say("world-about", WORLD.about(world));
    hide("world-body", false);
    this.heard(world);
    hide("world-lesson", !own || world.content_id === null);
    at("world-lesson").href = `/#content=${world.content_id}`;
    hide("world-retry", !may || !["failed", "cancelled"].includes(world.status) || world.error?.details.retry_possible === false);
    hide(["world-share", "world-delete"], !own);
    hide("anew", !may || ACTIVE.includes(world.status));
    this.#error(world);
    this.#files(world);
    this.#anew(world);
    Promise.all([this.#draw(world), this.#scripts(world)]).catch(trouble);
  }

  #error({ status, error }) {
    hide("world-error", status !== "failed");
    if (status !== "failed") return;
    const { component, retry_possible: again } = error.details;
    say("world-error-text", WORLD.failed(component, sentence(error.message)));
    say("world-error-next", again ? WORLD.again : WORLD.notAgain);
    say("world-error-code", WORLD.code(error.error_code, component));
  }

  async #draw(world) {
    const of = `${world.environment_id} ${world.revision} ${world.components.buildings}`;
    if (this.#drawn === of || world.components.buildings === "pending") return;
    this.#drawn = of;
    const drawn = await this.#until(() => this.#drawn === of, () => plans(this.#service, world));
    if (drawn === null) return;
    hide("world-preview", drawn.length === 0);
    fill("plans", drawn);
  }

  /** Buttons are built anew only when the files are others: one of them may have the focus. */
  #files(world) {
    hide("world-old", world.ready_revision === world.revision);
    say("world-old", WORLD.old(world.ready_revision));
    const of = JSON.stringify(world.assets);
    if (this.#filed === of) return;
    this.#filed = of;
    const order = Object.keys(WORLD_FORMATS);
    const files = [...world.assets].sort((one, other) => order.indexOf(one.format) - order.indexOf(other.format));
    hide("world-files", files.length === 0);
    fill("files", files.map((file) => this.#file(world, file)));
  }

  // A link cannot carry the token. Its address is signed for this one file and five minutes, so it is made on demand.
  #file({ status_url: url }, { format, size: bytes, sha256, notes, asset_id: id }) {
    const fetched = async () => save((await this.#service.call("POST", `${url}/download-link?format=${format}`)).url);
    const label = WORLD.fetch(WORLD_FORMATS[format] ?? format, size(bytes));
    const button = quiet(label, () => act(null, at("files"), fetched), { "data-file": format });
    const said = [...notes.map(sentence), ...(id === null ? [] : [WORLD.atRoblox(id)])];
    const sum = make("p", [`${WORLD.sum} `, make("code", sha256)], { class: "hint" });
    return make("li", [button, sum, ...said.map((text) => make("p", text, { class: "hint" }))]);
  }

  async #scripts(world) {
    if (world.assets.length === 0) {
      hide("world-scripts");
      return;
    }
    const of = `${world.environment_id} ${world.last_seq}`;
    if (this.#listed === of) return;
    this.#listed = of;
    const ask = () => this.#service.call("GET", `${world.status_url}/scripts`);
    const found = await this.#until(() => this.#listed === of, ask);
    if (found === null) return;
    hide("world-scripts", found.items.length === 0);
    fill("script-list", found.items.map((script) => scriptRow(world, script)));
  }

  /** What is asked for, when it comes; null when nobody waits for it any more. */
  async #until(wanted, ask) {
    try {
      const found = await patiently(ask, wanted, () => {});
      return wanted() ? found : null;
    } catch (fault) {
      if (wanted()) throw fault;
      return null;
    }
  }

  /** What is chosen in the form stays until the world itself is another. */
  #anew({ environment_id: id, content_id: lesson, revision, seed, theme, size: large }) {
    const of = `${id} ${revision}`;
    if (this.#offered === of) return;
    this.#offered = of;
    choices("rebuild-theme", THEMES, theme);
    choices("rebuild-size", SIZES, large);
    at("rebuild-seed").value = seed;
    at("rebuild-latest").checked = false;
    hide("rebuild-lesson", lesson === null);
  }
}

function row([component, told]) {
  const [state, words] = COMPONENT_STATES[told] ?? ["waiting", told];
  const mark = make("span", MARKS[state], { class: "mark", "aria-hidden": "true" });
  const parts = [mark, make("span", COMPONENTS[component] ?? component), make("span", words, { class: "state" })];
  return make("li", parts, { "data-stage": component, "data-state": state });
}

/** The row stays, with what is in it now. */
function renew(row, made) {
  row.dataset.state = made.dataset.state;
  row.replaceChildren(...made.childNodes);
}

function scriptRow({ environment_id: id }, script) {
  const link = make("a", script.name, { href: `#${new URLSearchParams({ world: id, script: script.script_id })}` });
  return make("li", [link, make("p", `${WORLD.script(script)} · ${size(script.size)}`, { class: "hint" })]);
}
