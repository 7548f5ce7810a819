// The form for a question of any of the seven kinds.

import { make } from "./dom.js";
import { Rows, area, choice, field, fieldsOf, input, linesOf, oneLine, ticked } from "./form_rows.js";
import { DIFFICULTIES, EDIT, LESSON, QUESTIONS } from "./lesson_words.js";

// What not every kind of question has, as it is where there is none.
const NONE = { options: [], prompts: [], accepted: [], tolerance: 0, unit: "" };
const EMPTY = { ...NONE, question: "", correct_answer: "", rationale: "", difficulty: "medium", objective: null };
const MOST = 12; // options, prompts

/** A question, or null for a new one; it is given and gives what the forms of lesson_forms.js do. */
export function questionForm(question, prefix, { lesson }) {
  const is = question ?? { ...EMPTY, type: "multiple_choice" };
  const lang = lesson.language;
  const objectives = lesson.objectives.map(({ title }, place) => [place, LESSON.objectiveAt(place + 1, title)]);
  const hint = is.type === "fill_blank" || question === null ? EDIT.blankHint : "";
  const all = fieldsOf(prefix, [
    ["question", EDIT.question, area(is.question, 3, { maxlength: 2000, required: true, lang }), hint],
    ["rationale", EDIT.why, area(is.rationale, 3, { maxlength: 4000, lang })],
    ["difficulty", LESSON.difficulty, choice(is.difficulty, DIFFICULTIES.map((name) => [name, name]))],
    [
      "objective",
      LESSON.objective,
      choice(is.objective ?? "", [["", LESSON.noObjective], ...objectives]),
      "",
      (place) => (place === "" ? null : Number(place)),
    ],
  ]);
  const place = make("div"); // of what only this kind of question has
  const kind = choice(is.type, Object.entries(QUESTIONS));
  let own;
  const build = () => {
    own = OWN[kind.value](prefix, kind.value === is.type ? is : { ...EMPTY, type: kind.value }, lang);
    place.replaceChildren(...own.fields);
  };
  kind.addEventListener("change", build);
  build();
  const [asked, ...others] = all.fields;
  return {
    fields: [...(question === null ? [field(prefix, "type", EDIT.kind, kind)] : []), asked, place, ...others],
    read: () => ({ type: kind.value, ...NONE, ...own.read(), ...all.read() }),
    names: (name) => {
      const plain = name.replace(/\[.*/, "");
      return own.first !== undefined && ["prompts", "options", "correct_answer"].includes(plain) ? own.first() : plain;
    },
  };
}

/** What one kind has beside what all have; `first()` is the name of the control at which is told what is wrong with all. */
const OWN = {
  multiple_choice: chosen,
  true_false: chosen,
  fill_blank: written,
  short_answer: written,
  numeric: counted,
  ordering: ordered,
  matching: paired,
};

function chosen(prefix, question, lang) {
  const fixed = question.type === "true_false";
  const blank = fixed ? EDIT.trueFalse(lang) : ["", "", "", ""];
  const rows = new Rows(question.options.length > 0 ? question.options : blank, {
    legend: EDIT.options,
    add: EDIT.addOption,
    title: EDIT.option,
    most: fixed ? 2 : MOST,
    fixed,
    build: (option = "", number) => {
      const text = input(option, { maxlength: 500, lang, readonly: fixed });
      const isRight = option !== "" && option === question.correct_answer;
      const label = make("span");
      const right = ticked("radio", isRight, label, { name: `${prefix}-right`, required: true });
      return {
        parts: [field(prefix, `option-${number}`, "", text), right.element],
        first: text,
        label: (place) => (label.textContent = EDIT.isRight(place)),
        right: () => right.control.checked,
        read: () => oneLine(text.value) || null,
      };
    },
  });
  return {
    fields: [rows.element],
    read: () => ({
      options: rows.filled().map((row) => row.read()),
      correct_answer: rows.filled().find((row) => row.right())?.read() ?? "",
    }),
    first: () => rows.first,
  };
}

function written(prefix, { correct_answer: answer, accepted }, lang) {
  return fieldsOf(prefix, [
    ["correct_answer", EDIT.answer, input(answer, { maxlength: 500, required: true, lang })],
    ["accepted", LESSON.accepted, area(accepted.join("\n"), 2, { lang }), EDIT.acceptedHint, linesOf],
  ]);
}

function counted(prefix, { correct_answer: answer, tolerance, unit }, lang) {
  const digits = { maxlength: 41, required: true, inputmode: "decimal" };
  return fieldsOf(prefix, [
    ["correct_answer", EDIT.answer, input(answer, digits), EDIT.numberHint],
    ["tolerance", EDIT.tolerance, input(tolerance, { type: "number", min: 0, step: "any", required: true })],
    ["unit", EDIT.unit, input(unit, { maxlength: 50, lang }), EDIT.unitHint],
  ]);
}

function ordered(prefix, { correct_answer: answer, options }, lang) {
  const order = area([answer].flat().join("\n"), 5, { required: true, lang });
  return {
    fields: [field(prefix, "order", EDIT.order, order, EDIT.orderHint)],
    read: () => {
      const lines = linesOf(order.value);
      return { options: mixed(lines, options, lines), correct_answer: lines };
    },
    first: () => "order",
  };
}

function paired(prefix, question, lang) {
  const pairs = question.prompts.map((prompt, place) => [prompt, question.correct_answer[place]]);
  // Partners of nothing, which the quiz has to mislead, stay.
  const spare = question.options.filter((option) => !question.correct_answer.includes(option));
  const rows = new Rows(pairs.length > 0 ? pairs : [undefined, undefined, undefined], {
    legend: EDIT.pairs,
    add: EDIT.addPair,
    title: EDIT.prompt,
    most: MOST,
    build: ([prompt, partner] = ["", ""], number) => {
      const [one, other] = [prompt, partner].map((text) => input(text, { maxlength: 500, lang }));
      const right = field(prefix, `partner-${number}`, "", other);
      return {
        parts: [field(prefix, `prompt-${number}`, "", one), right],
        first: one,
        label: (place) => (right.firstChild.textContent = EDIT.partner(place)),
        read: () => {
          const pair = [oneLine(one.value), oneLine(other.value)];
          return pair.join("") === "" ? null : pair;
        },
      };
    },
  });
  return {
    fields: [rows.element],
    read: () => {
      const filled = rows.filled().map((row) => row.read());
      const partners = filled.map(([, partner]) => partner);
      const options = [...new Set([...partners, ...spare])];
      return {
        prompts: filled.map(([prompt]) => prompt),
        options: mixed(options, question.options, partners),
        correct_answer: partners,
      };
    },
    first: () => rows.first,
  };
}

/** Options in an order that does not tell the answer: as they were where they are the same ones, else by the alphabet. */
function mixed(options, before, answer) {
  if (options.length === before.length && options.every((option) => before.includes(option))) return before;
  const sorted = [...options].sort((one, other) => one.localeCompare(other));
  return sorted.every((option, place) => option === answer[place]) ? sorted.reverse() : sorted;
}
