// What goes wrong, said in words at the place where it is of use.

import { at, on } from "./dom.js";
import { Refusal, SignedOut, Unreachable } from "./service.js";
import { TROUBLE } from "./words.js";

/** Trouble that has its words already. */
export class Told extends Error {}

/** Trouble that is said at its place already, where the focus is. */
export class Marked extends Told {}

let signedOut = () => {};

/** Say who is to be called when it turns out that nobody is signed in any more. */
export function whenSignedOut(call) {
  signedOut = call;
}

/**
 * Do something that may fail, one at a time for each place, and tell what went wrong in words.
 * @param event whose usual effect is not wanted; or null
 * @param place the form or part of the page that is busy meanwhile; its faulty fields are marked
 * @param work async
 */
export async function act(event, place, work) {
  event?.preventDefault();
  if (place.ariaBusy === "true") return;
  busy(place, true);
  trouble(null);
  try {
    await work();
  } catch (fault) {
    trouble(fault, place);
  } finally {
    busy(place, false);
  }
}

/** Have something done as `act` does it, whenever this happens at the element with this id. */
export const acts = (id, type, work) => on(id, type, (event) => act(event, at(id), work));

function busy(place, is) {
  place.ariaBusy = String(is);
  for (const button of [place, ...place.querySelectorAll("button[type=submit]")]) {
    if (button.matches("button")) button.ariaDisabled = String(is);
  }
}

/** Tell a fault at the top of the page or dialog, or at the fields of `form` that it names; null: all is well again. */
export function trouble(fault, form = null) {
  if (fault instanceof SignedOut) {
    document.querySelector("dialog[open]")?.close();
    signedOut();
  }
  const place = document.querySelector("dialog[open] .trouble") ?? at("trouble");
  const marks = fault instanceof Refusal && form !== null && marked(form, fault.fields);
  place.textContent = fault === null ? "" : marks ? TROUBLE.fields : plain(fault);
  place.hidden = fault === null;
  if (fault !== null && !marks && !(fault instanceof Marked)) place.scrollIntoView({ block: "nearest" });
}

/** A fault as a sentence, with the next step. */
export function plain(fault) {
  if (fault instanceof Told) return fault.message;
  if (fault instanceof SignedOut) return TROUBLE.signedOut;
  if (fault instanceof Unreachable) return TROUBLE.unreachable;
  if (!(fault instanceof Refusal)) {
    console.error(fault); // a fault of this page: the browser's console has the place
    return TROUBLE.ours;
  }
  const next = [sentence(fault.message)];
  if (fault.retryAfter !== null) next.push(TROUBLE.wait(fault.retryAfter));
  if (fault.status >= 500 && fault.requestId !== null) next.push(TROUBLE.report(fault.requestId));
  return next.join(" ");
}

/** A text of the server's as a sentence. */
export function sentence(text) {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/**
 * Say at each field of a form what is wrong with it, in the element whose id is the field's id and "-fault"; whether
 * there was one. `learning_objectives[2]` is learning_objectives.
 */
export function marked(form, fields) {
  const faults = Object.entries(fields).map(([name, text]) => [name.split(/[.[]/)[0], text]);
  let first = null;
  for (const field of form.querySelectorAll("input, textarea, select")) {
    const place = at(`${field.id}-fault`);
    if (place === null) continue;
    const told = faults.filter(([name]) => name === field.name).map(([, text]) => text);
    place.textContent = told.join("; ");
    place.hidden = told.length === 0;
    field.ariaInvalid = String(told.length > 0);
    if (told.length === 0) continue;
    field.closest("details")?.setAttribute("open", "");
    first ??= field;
  }
  first?.focus();
  return first !== null;
}
