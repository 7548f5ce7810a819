// One question in a window of its own: yes or no, with a text or a choice where one is needed.

import { at, make } from "./dom.js";
import { Refusal, passes } from "./service.js";
import { act, marked, plain } from "./trouble.js";
import { ASK } from "./school_words.js";

let asked = null; // what is asked now
let listens = false;

/**
 * Ask, and do the work when the answer is yes. A refusal that a better answer may change is said in the window, which
 * stays open; any other fault closes it and is told at the top of the page.
 * @param question {title, text, yes, label?, value?, name?, most?, choice?: {label, options: [[value, text]], value, name}};
 *   `name` is the field's name in the server's refusals
 * @param work async, is given {value, choice}; returns what has the focus afterwards, where that is not what had it before
 */
export function ask(question, work) {
  if (!listens) at("ask-form").addEventListener("submit", answered);
  listens = true;
  asked = { question, work };
  const { title, text, yes, label, value = "", name = "value", most = 254, choice } = question;
  at("ask-title").textContent = title;
  at("ask-text").textContent = text;
  at("ask-yes").textContent = yes;
  at("ask-no").textContent = ASK.no;
  at("ask-field").hidden = label === undefined;
  at("ask-label").textContent = label ?? "";
  Object.assign(at("ask-value"), { value, name, maxLength: most, required: label !== undefined });
  at("ask-choice-field").hidden = choice === undefined;
  at("ask-choice-label").textContent = choice?.label ?? "";
  at("ask-choice").name = choice?.name ?? "choice";
  at("ask-choice").replaceChildren(...(choice?.options ?? []).map(([kept, shown]) => make("option", shown, { value: kept })));
  if (choice !== undefined) at("ask-choice").value = choice.value;
  marked(at("ask-form"), {});
  at("ask").showModal();
  (label !== undefined ? at("ask-value") : choice !== undefined ? at("ask-choice") : at("ask-no")).focus();
}

function answered(event) {
  if (event.submitter?.value === "no") return;
  event.preventDefault();
  const { question, work } = asked;
  const form = at("ask-form");
  act(null, form, async () => {
    let next;
    try {
      next = await work({ value: at("ask-value").value.trim(), choice: at("ask-choice").value });
    } catch (fault) {
      const field = question.label !== undefined ? at("ask-value") : question.choice !== undefined ? at("ask-choice") : null;
      if (field === null || !(fault instanceof Refusal) || fault.status === 404 || passes(fault)) {
        at("ask").close();
        throw fault;
      }
      marked(form, { [field.name]: fault.fields[field.name] ?? plain(fault) });
      return;
    }
    at("ask").close();
    next?.focus();
  });
}
