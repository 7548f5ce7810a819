// Rows of a list: what something is, what is to be said of it, and what can be done with it.

import { make } from "./dom.js";
import { act } from "./trouble.js";

/** A row; `head` is a text or an element, `facts` texts of which empty ones are left out, `actions` elements. */
export function row(head, facts, actions = [], attributes = {}) {
  const made = make("li", undefined, attributes);
  const name = typeof head === "string" ? make("strong", head) : head;
  const said = make("span", facts.filter(Boolean).join(" · "), { class: "facts" });
  const doings = make("span", undefined, { class: "doings" });
  doings.append(...actions);
  made.append(name, said, doings);
  return made;
}

/** A button of a row; `about` says to a screen reader of which. `work` may be async. */
export function doing(text, about, work) {
  const button = make("button", text, { type: "button", class: "quiet" });
  button.append(make("span", ` ${about}`, { class: "unseen" }));
  button.addEventListener("click", (event) => act(event, button, work));
  return button;
}
