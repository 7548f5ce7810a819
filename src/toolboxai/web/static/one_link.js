// A link that is shown once, to be copied and handed on.

import { make } from "./dom.js";
import { LINKS } from "./school_words.js";

let made = 0;

/** A labelled field with the link, and a button that copies it; `path` is as the server told it. */
export function oneLink(label, path) {
  const id = `one-link-${++made}`;
  const address = new URL(path, location.origin).href;
  const field = make("input", undefined, { id, readonly: true, value: address, spellcheck: "false" });
  const copy = make("button", LINKS.copy, { type: "button", class: "quiet" });
  const said = make("span", "", { class: "hint", role: "status" });
  field.addEventListener("focus", () => field.select());
  copy.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(address);
      said.textContent = LINKS.copied;
    } catch {
      said.textContent = LINKS.copyByHand; // on plain http, or where the browser asks and is told no
    }
  });
  const beside = make("div", undefined, { class: "copy" });
  beside.append(field, copy);
  const all = make("div", undefined, { class: "field" });
  all.append(make("label", label, { for: id }), beside, said);
  return all;
}
