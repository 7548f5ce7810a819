// An event made by hand: hints from the event models, checked before it goes, and shown as a program.

import { at, make } from "./dom.js";
import { listed } from "./listing.js";
import { EventModels } from "./schemas.js";
import { open } from "./service.js";
import { SNIPPETS } from "./snippets.js";
import { Told, act, marked } from "./trouble.js";
import { CONSOLE } from "./console_words.js";

const WORDS = CONSOLE.publish;
const ROUTE = "/api/v1/realtime/trigger";
const CHANNEL = /^[A-Za-z0-9_\-=@,.;]{1,200}$/;
const RESERVED = ["pusher:", "pusher_internal:", "client-"];

export class EventCreator {
  #service;
  #models = null;
  #language = null; // of the program that is shown

  constructor(service) {
    this.#service = service;
    at("creator").addEventListener("submit", (event) => act(event, at("creator"), () => this.#send()));
    for (const name of ["channel", "event", "data"]) {
      at(`creator-${name}`).addEventListener("input", () => this.#changed());
    }
    at("creator-example").addEventListener("click", (event) => act(event, at("creator-example"), () => this.#fill()));
    at("creator-copy").addEventListener("click", (event) => act(event, at("creator-copy"), () => this.#copy()));
    at("creator-languages").append(...Object.keys(SNIPPETS).map((language) => this.#button(language)));
  }

  start([channel]) {
    if (channel !== undefined) at("creator-channel").value = channel;
    act(null, at("creator"), async () => {
      this.#models ??= new EventModels(await open("/asyncapi.json"));
      at("creator-channels").replaceChildren(...options(this.#models.addresses));
      this.#changed();
    });
  }

  stop() {}

  clear() {
    at("creator").reset();
    marked(at("creator"), {});
    at("creator-said").textContent = "";
    this.#language = null;
    this.#changed();
  }

  get #channel() {
    return at("creator-channel").value.trim();
  }

  get #event() {
    return at("creator-event").value.trim();
  }

  // ---- hints ----

  #changed() {
    const events = this.#models?.eventsOf(this.#channel) ?? [];
    at("creator-events").replaceChildren(...options(events));
    const fields = this.#models?.fields(this.#channel, this.#event) ?? [];
    at("creator-example").hidden = fields.length === 0;
    at("creator-hint").textContent = WORDS.hint(this.#channel, events, fields.length > 0);
    const told = fields.map(({ name, kind, needed }) => [name, WORDS.field(kind, needed)]);
    at("creator-fields").replaceChildren(...listed(told));
    at("creator-fields").hidden = fields.length === 0;
    at("creator-anyway-field").hidden = true;
    at("creator-anyway").checked = false;
    this.#program();
  }

  async #fill() {
    at("creator-data").value = JSON.stringify(this.#models.example(this.#channel, this.#event, new Date()), null, 2);
    marked(at("creator"), {});
    this.#changed();
  }

  // ---- checking and sending ----

  /** What is to be sent, or what is wrong with it by field. */
  #checked() {
    const faults = {};
    if (!CHANNEL.test(this.#channel)) faults.channel = WORDS.badChannel;
    if (this.#event === "") faults.event = WORDS.noEvent;
    else if (RESERVED.some((prefix) => this.#event.startsWith(prefix))) faults.event = WORDS.reserved;
    let data;
    try {
      data = JSON.parse(at("creator-data").value);
      if (!kept(data)) faults.data = WORDS.tooLarge;
    } catch (fault) {
      faults.data = WORDS.noJson(fault.message);
    }
    return { faults, body: { channel: this.#channel, event: this.#event, data } };
  }

  async #send() {
    const { faults, body } = this.#checked();
    const unlike = Object.keys(faults).length === 0 ? this.#models?.faults(body.channel, body.event, body.data) : null;
    if (unlike?.length > 0 && !at("creator-anyway").checked) {
      at("creator-anyway-field").hidden = false;
      faults.data = `${WORDS.unlike} ${unlike.join("; ")}.`;
    }
    at("creator-said").textContent = "";
    if (marked(at("creator"), faults)) throw new Told(WORDS.notSent);
    const { publication_id: id } = await this.#service.call("POST", ROUTE, body);
    at("creator-said").textContent = WORDS.sent(body, id);
    at("creator-anyway-field").hidden = true;
    at("creator-anyway").checked = false;
  }

  // ---- as a program ----

  #button(language) {
    const made = make("button", WORDS.as(language), { type: "button", class: "quiet", "data-language": language });
    made.ariaPressed = "false";
    made.addEventListener("click", () => {
      this.#language = this.#language === language ? null : language;
      this.#program();
    });
    return made;
  }

  #program() {
    for (const each of at("creator-languages").children) each.ariaPressed = String(each.dataset.language === this.#language);
    at("creator-program").hidden = this.#language === null;
    if (this.#language === null) return;
    const { faults, body } = this.#checked();
    const good = Object.keys(faults).length === 0;
    at("creator-copy").hidden = !good;
    at("creator-code").textContent = good ? SNIPPETS[this.#language](location.origin, body) : WORDS.first;
    at("creator-copied").textContent = "";
  }

  async #copy() {
    const code = at("creator-code");
    getSelection().selectAllChildren(code);
    try {
      await navigator.clipboard.writeText(code.textContent);
      at("creator-copied").textContent = WORDS.copied;
    } catch {
      at("creator-copied").textContent = WORDS.selected; // no clipboard without TLS
    }
  }
}

function options(values) {
  return values.map((value) => make("option", undefined, { value }));
}

/** Whether all numbers survive as they were written: JSON knows larger ones than this page does. */
function kept(value) {
  if (typeof value === "number") return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  return typeof value !== "object" || value === null || Object.values(value).every(kept);
}
