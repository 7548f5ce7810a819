// What a lesson is made from: a text, and files that are pasted, dropped or chosen; each can be taken out again.

import { at, make, on, quiet, say } from "./dom.js";
import { DESK } from "./desk_words.js";
import { size } from "./words.js";

const MOST = 10;
const BYTES = 10 * 1024 * 1024;

export class Sources {
  #items = []; // {file, bytes, fault, line, place}: those with a fault are not sent
  #count = 0; // files so far: the number of each tells it from others of its name
  #changed;

  /** @param changed called when text or files are others than before */
  constructor(changed) {
    this.#changed = changed;
    on("source_text", "change", () => changed());
    on("source_text", "paste", () => setTimeout(changed));
    on("choose-files", "click", () => at("source_files").click());
    on("source_files", "change", () => {
      this.add([...at("source_files").files]);
      at("source_files").value = ""; // the same file may be chosen again
    });
    document.addEventListener("paste", (event) => this.#pasted(event));
    for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => this.#over(event));
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && this.#mark(false));
    document.addEventListener("drop", (event) => this.#dropped(event));
  }

  get text() {
    return at("source_text").value;
  }

  /** The files that are sent, in order. */
  get files() {
    return this.#items.filter((item) => item.fault === "" && item.bytes !== null);
  }

  get empty() {
    return this.text.trim() === "" && this.files.length === 0;
  }

  /** What tells one source from another. */
  get mark() {
    return JSON.stringify([this.text, this.files.map((item) => item.number)]);
  }

  /** Put the files into a form that is sent. */
  fill(form) {
    for (const { file, bytes } of this.files) form.append("source_files", new Blob([bytes], { type: file.type }), file.name);
  }

  /** Take files in; what cannot be taken stays in the list, with the reason. */
  async add(files) {
    const added = files.map((file) => this.#row(file));
    this.#items.push(...added);
    await Promise.all(added.map((item) => this.#read(item)));
    for (const item of added) this.#look(item);
    say("source-said", DESK.added(added.filter((item) => item.fault === "").length));
    this.#changed();
  }

  /** What the server read in the files that were sent. */
  read(sources) {
    this.files.forEach((item, place) => {
      const { pages, characters, notes } = sources[place] ?? {};
      if (characters !== undefined) item.line.textContent = [DESK.read(item.file.size, pages, characters), ...notes].join(" ");
    });
  }

  /** Say at each file what the server has against it; whether it had something. */
  refused(fields) {
    const sent = this.files;
    const told = Object.entries(fields).map(([name, text]) => [/^source_files\[(\d+)\]/.exec(name)?.[1], text]);
    const faults = told.filter(([place]) => place !== undefined && sent[place] !== undefined);
    for (const [place, text] of faults) this.#fault(sent[place], DESK.refused(text));
    say("source-said", faults.map(([place]) => `${sent[place].file.name}: ${sent[place].fault}`).join(" "));
    return faults.length > 0;
  }

  /** To the first file that is not taken. */
  focus() {
    this.#items.find((item) => item.fault !== "")?.place.querySelector("button").focus();
  }

  clear() {
    this.#items = [];
    say("source-list", "");
    say("source-said", "");
  }

  // ---- one file ----

  #row(file) {
    const line = make("p", size(file.size), { class: "hint" });
    const out = quiet(DESK.takeOut, () => this.#out(item), { "aria-label": DESK.takeOutOf(file.name) });
    const parts = [make("span", file.name), out, line, make("p", "", { class: "fault", hidden: true })];
    const place = make("li", parts, { class: "file" });
    const item = { file, bytes: null, fault: "", line, place, number: (this.#count += 1) };
    at("source-list").append(place);
    return item;
  }

  // Into memory at once: a file that is moved or changed later would break off the sending.
  async #read(item) {
    if (item.file.size > BYTES) return;
    try {
      item.bytes = await item.file.arrayBuffer();
    } catch {
      this.#fault(item, DESK.unreadable);
    }
  }

  #look(item) {
    const before = this.files.filter((other) => other !== item);
    const sum = before.reduce((bytes, other) => bytes + other.file.size, item.file.size);
    if (item.fault !== "") return;
    if (sum > BYTES) this.#fault(item, DESK.tooLarge);
    else if (before.length >= MOST) this.#fault(item, DESK.tooMany(MOST));
  }

  #fault(item, text) {
    item.fault = text;
    const place = item.place.querySelector(".fault");
    place.textContent = text;
    place.hidden = false;
  }

  #out(item) {
    const next = item.place.nextElementSibling ?? item.place.previousElementSibling;
    this.#items = this.#items.filter((other) => other !== item);
    item.place.remove();
    say("source-said", DESK.out(item.file.name));
    (next?.querySelector("button") ?? at("choose-files")).focus();
    this.#changed();
  }

  // ---- paste and drop ----

  #pasted(event) {
    const files = [...event.clipboardData.files];
    if (at("desk").hidden || files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    this.add(files);
  }

  #over(event) {
    const { types } = event.dataTransfer;
    if (at("desk").hidden || !(types.includes("Files") || this.#elsewhere(event))) return;
    event.preventDefault();
    this.#mark(true);
  }

  #dropped(event) {
    this.#mark(false);
    if (at("desk").hidden) return;
    const files = [...event.dataTransfer.files];
    if (files.length === 0 && !this.#elsewhere(event)) return; // a text that is dropped into a field goes there
    event.preventDefault();
    if (files.length > 0) {
      this.add(files);
      return;
    }
    const text = event.dataTransfer.getData("text/plain");
    if (/^(?:\S+:\S*)?$/.test(text.trim())) return; // nothing, or the address of a link
    at("source_text").value = [this.text.trimEnd(), text].filter(Boolean).join("\n\n");
    this.#changed();
  }

  #elsewhere(event) {
    return event.dataTransfer.types.includes("text/plain") && !event.target.closest?.("input, textarea");
  }

  #mark(is) {
    if (is) at("desk").dataset.over = "";
    else delete at("desk").dataset.over;
  }
}
