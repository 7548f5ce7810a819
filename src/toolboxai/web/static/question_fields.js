// One question of any kind as fields of a form, and an answer as something to read.

import { at, make } from "./dom.js";
import { QUIZ } from "./learn_words.js";

const FIELDS = {
  multiple_choice: chosen,
  true_false: chosen,
  fill_blank: written,
  short_answer: written,
  numeric: counted,
  ordering: ordered,
  matching: matched,
};

/** The fields for a question: `{parts: elements, answer(): what is sent}`. `lang` is that of the lesson. */
export function fieldsOf(question, lang) {
  return (FIELDS[question.type] ?? written)(question, lang);
}

function chosen({ options }, lang) {
  const parts = options.map((option, place) => {
    const label = make("label", undefined, { class: "choice" });
    label.append(
      make("input", undefined, { type: "radio", name: "answer", value: String(place), required: true }),
      make("span", option, { lang }),
    );
    return label;
  });
  const answer = () => options[Number(at("question").elements.answer.value)];
  return { parts: [make("p", QUIZ.choose, { class: "hint" }), ...parts], answer };
}

function written(_question, lang) {
  return input(QUIZ.answer, { lang });
}

function counted({ unit }) {
  return input(QUIZ.number(unit), { inputmode: "decimal" });
}

function input(label, attributes) {
  const field = make("input", undefined, {
    id: "answer",
    name: "answer",
    maxlength: "1000",
    pattern: ".*\\S.*",
    autocapitalize: "none",
    autocorrect: "off",
    spellcheck: "false",
    required: true,
    ...attributes,
  });
  return { parts: [make("label", label, { for: "answer" }), field], answer: () => field.value.trim() };
}

function matched({ prompts, options }, lang) {
  const selects = prompts.map((_prompt, place) => {
    const select = make("select", undefined, { id: `partner-${place}`, name: "answer", required: true, lang });
    select.append(make("option", QUIZ.pick, { value: "", lang: "en" }), ...options.map((option) => make("option", option, { value: option })));
    return select;
  });
  const parts = selects.map((select, place) => {
    const pair = make("div", undefined, { class: "field" });
    pair.append(make("label", prompts[place], { for: select.id, lang }), select);
    return pair;
  });
  return { parts, answer: () => selects.map((select) => select.value) };
}

function ordered({ options }, lang) {
  const list = make("ol", undefined, { class: "order" });
  const items = () => [...list.children];
  list.append(...options.map((text) => orderedItem(text, lang, items)));
  mend(items());
  return {
    parts: [make("p", QUIZ.order, { class: "hint" }), list],
    answer: () => items().map((item) => item.querySelector("span").textContent),
  };
}

function orderedItem(text, lang, items) {
  const item = make("li");
  const button = (sign, label, step) => {
    const made = make("button", sign, { type: "button", class: "quiet", "aria-label": label });
    made.addEventListener("click", () => {
      const place = items().indexOf(item) + step;
      if (place < 0 || place >= items().length) return;
      if (step < 0) items()[place].before(item);
      else items()[place].after(item);
      mend(items());
      made.focus(); // what is moved loses it
      at("quiz-said").textContent = QUIZ.moved(text, place + 1, items().length);
    });
    return made;
  };
  item.append(make("span", text, { lang }), button("↑", QUIZ.up(text), -1), button("↓", QUIZ.down(text), 1));
  return item;
}

/** The first cannot go up, the last not down; they stay where the focus can be. */
function mend(items) {
  items.forEach((item, place) => {
    const [up, down] = item.querySelectorAll("button");
    up.ariaDisabled = String(place === 0);
    down.ariaDisabled = String(place === items.length - 1);
  });
}

/** An answer, given or right, as elements to read. */
export function shown(question, answer, lang) {
  if (question.type === "matching") {
    const partner = (prompt, place) => (Array.isArray(answer) ? answer[place] : answer[prompt]) ?? "";
    return [texts("ul", question.prompts.map((prompt, place) => `${prompt}: ${partner(prompt, place)}`), lang)];
  }
  if (Array.isArray(answer)) return [texts("ol", answer, lang)];
  if (typeof answer === "boolean") return [make("span", question.options[answer ? 0 : 1], { lang })];
  const unit = question.type === "numeric" && question.unit !== "" && !String(answer).includes(question.unit);
  return [make("span", unit ? `${answer} ${question.unit}` : String(answer), { lang })];
}

function texts(tag, lines, lang) {
  const list = make(tag, undefined, { lang });
  list.append(...lines.map((line) => make("li", line)));
  return list;
}
