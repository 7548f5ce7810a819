// Forms for the title, a section and a word of a lesson.

import { make } from "./dom.js";
import { Rows, area, choice, field, fieldsOf, input, oneLine, ticked } from "./form_rows.js";
import { EDIT, KINDS } from "./lesson_words.js";

// Each is given the part, or null for a new one, the prefix of its fields' ids, and the content; it gives what `fieldsOf`
// gives, and names(name) where a control has not the name that the server uses.

/** The title of the content. */
export function titleForm(_, prefix, { title }) {
  return fieldsOf(prefix, [["title", EDIT.title, input(title, { maxlength: 200, required: true })]]);
}

const SECTION = { kind: "explanation", title: "", duration_minutes: 5, objectives: [], statements: [undefined] };

/** A section: title, minutes, kind, objectives and statements. */
export function sectionForm(section, prefix, { lesson: { language: lang, objectives } }) {
  const is = section ?? SECTION;
  const own = fieldsOf(prefix, [
    ["title", EDIT.title, input(is.title, { maxlength: 300, required: true, lang })],
    [
      "duration_minutes",
      EDIT.minutes,
      input(is.duration_minutes, { type: "number", min: 1, max: 240, required: true }),
      EDIT.minutesHint,
    ],
    ["kind", EDIT.kindOfPart, choice(is.kind, Object.entries(KINDS))],
  ]);
  const serves = objectives.map(({ title }, place) => ticked("checkbox", is.objectives.includes(place), title, { lang }));
  const statements = new Rows(is.statements, {
    legend: EDIT.sentences,
    add: EDIT.addSentence,
    title: EDIT.sentence,
    most: 100,
    build: (statement, number) => statementRow(prefix, number, lang, statement),
  });
  return {
    fields: [
      ...own.fields,
      make("fieldset", [make("legend", EDIT.serves), ...serves.map(({ element }) => element)]),
      statements.element,
    ],
    read: () => ({
      ...own.read(),
      objectives: [...serves.keys()].filter((place) => serves[place].control.checked),
      statements: statements.filled().map((row) => row.read()),
    }),
    names: (name) => {
      const place = /^statements\[(\d+)\]/.exec(name)?.[1];
      if (place !== undefined) return statements.filled()[place]?.first.name ?? name;
      return name === "" ? "duration_minutes" : name; // what is wrong with all sections is their minutes
    },
  };
}

function statementRow(prefix, number, lang, { text = "", for_teacher = false } = {}) {
  const said = area(text, 2, { maxlength: 2000, lang });
  const teacher = ticked("checkbox", for_teacher, EDIT.teacher);
  return {
    parts: [field(prefix, `statement-${number}`, "", said), teacher.element],
    first: said,
    read: () => {
      const text = oneLine(said.value);
      return text === "" ? null : { text, for_teacher: teacher.control.checked };
    },
  };
}

/** A word to learn and its meaning. */
export function wordForm(word, prefix, { lesson: { language: lang } }) {
  const { term, meaning } = word ?? { term: "", meaning: null };
  return fieldsOf(prefix, [
    ["term", EDIT.term, input(term, { maxlength: 100, required: true, lang })],
    [
      "meaning",
      EDIT.meaning,
      area(meaning ?? "", 2, { maxlength: 2000, lang }),
      EDIT.meaningHint,
      (text) => oneLine(text) || null,
    ],
  ]);
}
