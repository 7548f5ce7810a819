// The form for a question of any of the seven kinds.

import { make } from "./dom.js";
import { Rows, area, choice, field, input, linesOf, oneLine } from "./form_rows.js";
import { DIFFICULTIES, EDIT, LESSON, QUESTIONS } from "./lesson_words.js";

const EMPTY = {
  id: "new",
  type: "multiple_choice",
  question: "",
  options: [],
  prompts: [],
  correct_answer: "",
  accepted: [],
  tolerance: 0,
  unit: "",
  rationale: "",
  difficulty: "medium",
  objective: null,
};
const MOST = 12; // options, prompts

/** A question, or null for a new one; it gives what the forms of lesson_forms.js give. */
export function questionForm(question, lesson) {
  const is = question ?? EMPTY;
  const lang = lesson.language;
  const prefix = `edit-${is.id}`;
  const asked = area(is.question, 3, { maxlength: 2000, required: true, lang });
  const rationale = area(is.rationale, 3, { maxlength: 4000, lang });
  const difficulty = choice(is.difficulty, Object.entries(DIFFICULTIES));
  const objectives = lesson.objectives.map(({ title }, place) => [String(place), LESSON.objectiveAt(place + 1, title)]);
  const objective = choice(String(is.objective ?? ""), [["", LESSON.noObjective], ...objectives]);
  const place = make("div"); // of what only this kind of question has
  const kind = choice(is.type, Object.entries(QUESTIONS));
  let own;
  const build = () => {
    own = OWN[kind.value](prefix, kind.value === is.type ? is : { ...EMPTY, type: kind.value }, lang);
    place.replaceChildren(...own.fields);
  };
  kind.addEventListener("change", build);
  build();
  const fields = [
    field(prefix, "question", EDIT.question, asked, is.type === "fill_blank" || question === null ? EDIT.blankHint : ""),
    place,
    field(prefix, "rationale", EDIT.why, rationale),
    field(prefix, "difficulty", EDIT.difficulty, difficulty),
    field(prefix, "objective", EDIT.objective, objective),
  ];
  if (question === null) fields.unshift(field(prefix, "type", EDIT.kind, kind));
  return {
    id: is.id,
    list: "questions",
    fields,
    was: Object.fromEntries(Object.keys(EMPTY).filter((name) => name !== "id").map((name) => [name, is[name]])),
    read: () => ({
      type: kind.value,
      question: oneLine(asked.value),
      options: [],
      prompts: [],
      accepted: [],
      tolerance: 0,
      unit: "",
      ...own.read(),
      rationale: oneLine(rationale.value),
      difficulty: difficulty.value,
      objective: objective.value === "" ? null : Number(objective.value),
    }),
    names: (name) => own.names(name.replace(/\[.*/, "")),
  };
}

/** What one kind has beside what all have. */
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
  const options = question.options.length > 0 ? question.options : blank;
  const rows = new Rows(options, {
    legend: EDIT.options,
    add: EDIT.addOption,
    title: EDIT.option,
    most: fixed ? 2 : MOST,
    build: (option = "", number) => optionRow(prefix, number, lang, option, option !== "" && option === question.correct_answer, fixed),
  });
  if (fixed) for (const row of rows.all()) row.button.hidden = true;
  return {
    fields: [rows.element],
    read: () => ({
      options: rows.filled().map((row) => row.read()),
      correct_answer: rows.filled().find((row) => row.right())?.read() ?? "",
    }),
    names: inFirst(rows),
  };
}

function optionRow(prefix, number, lang, option, isRight, fixed) {
  const text = input(option, { maxlength: 500, lang, readonly: fixed });
  const whole = field(prefix, `option-${number}`, "", text);
  const right = input("", { type: "radio", name: `${prefix}-right`, required: true });
  right.checked = isRight;
  const mark = make("label", undefined, { class: "mark" });
  const label = make("span");
  mark.append(right, label);
  return {
    parts: [whole, mark],
    first: text,
    label: (place) => {
      whole.firstChild.textContent = EDIT.option(place);
      label.textContent = EDIT.isRight(place);
    },
    right: () => right.checked,
    read: () => oneLine(text.value) || null,
  };
}

function written(prefix, question, lang) {
  const answer = input(question.correct_answer, { maxlength: 500, required: true, lang });
  const accepted = area(question.accepted.join("\n"), 2, { lang });
  return {
    fields: [
      field(prefix, "correct_answer", EDIT.answer, answer),
      field(prefix, "accepted", EDIT.accepted, accepted, EDIT.acceptedHint),
    ],
    read: () => ({ correct_answer: oneLine(answer.value), accepted: linesOf(accepted.value) }),
    names: (name) => name,
  };
}

function counted(prefix, question, lang) {
  const answer = input(question.correct_answer, { maxlength: 41, required: true, inputmode: "decimal" });
  const tolerance = input(question.tolerance, { type: "number", min: 0, step: "any", required: true });
  const unit = input(question.unit, { maxlength: 50, lang });
  return {
    fields: [
      field(prefix, "correct_answer", EDIT.answer, answer, EDIT.numberHint),
      field(prefix, "tolerance", EDIT.tolerance, tolerance),
      field(prefix, "unit", EDIT.unit, unit, EDIT.unitHint),
    ],
    read: () => ({ correct_answer: oneLine(answer.value), tolerance: Number(tolerance.value), unit: oneLine(unit.value) }),
    names: (name) => name,
  };
}

function ordered(prefix, question, lang) {
  const answer = question.correct_answer === "" ? [] : question.correct_answer;
  const order = area(answer.join("\n"), 5, { required: true, lang });
  return {
    fields: [field(prefix, "order", EDIT.order, order, EDIT.orderHint)],
    read: () => {
      const lines = linesOf(order.value);
      return { options: mixed(lines, question.options, lines), correct_answer: lines };
    },
    names: (name) => (name === "options" || name === "correct_answer" ? "order" : name),
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
    build: (pair, number) => pairRow(prefix, number, lang, pair),
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
    names: inFirst(rows),
  };
}

function pairRow(prefix, number, lang, [prompt, partner] = ["", ""]) {
  const one = input(prompt, { maxlength: 500, lang });
  const other = input(partner, { maxlength: 500, lang });
  const [left, right] = [field(prefix, `prompt-${number}`, "", one), field(prefix, `partner-${number}`, "", other)];
  return {
    parts: [left, right],
    first: one,
    label: (place) => {
      left.firstChild.textContent = EDIT.prompt(place);
      right.firstChild.textContent = EDIT.partner(place);
    },
    read: () => {
      const pair = [oneLine(one.value), oneLine(other.value)];
      return pair[0] === "" && pair[1] === "" ? null : pair;
    },
  };
}

/** What is wrong with all rows is told in the first. */
function inFirst(rows) {
  return (name) => (["prompts", "options", "correct_answer"].includes(name) ? rows.all()[0]?.first.name : name);
}

/** Options in an order that does not tell the answer: as they were where they are the same ones, else by the alphabet. */
function mixed(options, before, answer) {
  if (options.length === before.length && options.every((option) => before.includes(option))) return before;
  const sorted = [...options].sort((one, other) => one.localeCompare(other));
  return sorted.every((option, place) => option === answer[place]) ? sorted.reverse() : sorted;
}
