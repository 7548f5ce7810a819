// Forms for the title, a section and a word of a lesson.

import { make } from "./dom.js";
import { Rows, area, field, input, oneLine } from "./form_rows.js";
import { EDIT } from "./lesson_words.js";

// Each gives {id of the part, list it stands in, fields: elements, was: what it held, read(): what it holds now, both by the
// names of the API, names(name): of the control that the server means by a name}.

/** The title of the content. */
export function titleForm(content) {
  const title = input(content.title, { maxlength: 200, required: true });
  return {
    id: "title",
    list: "title",
    fields: [field("edit-title", "title", EDIT.title, title)],
    was: { title: content.title },
    read: () => ({ title: oneLine(title.value) }),
    names: (name) => name,
  };
}

/** A section: title, minutes and statements. Those of a section that has gone can be a new one. */
export function sectionForm(section, { language: lang }) {
  const prefix = `edit-${section.id}`;
  const title = input(section.title, { maxlength: 300, required: true, lang });
  const minutes = input(section.duration_minutes, { type: "number", min: 1, max: 240, required: true });
  const statements = new Rows(section.statements, {
    legend: EDIT.sentences,
    add: EDIT.addSentence,
    title: EDIT.sentence,
    most: 100,
    build: (statement, number) => statementRow(prefix, number, lang, statement),
  });
  let sent = [];
  return {
    id: section.id,
    list: "sections",
    fields: [
      field(prefix, "title", EDIT.title, title),
      field(prefix, "duration_minutes", EDIT.minutes, minutes, EDIT.minutesHint),
      statements.element,
    ],
    was: {
      kind: section.kind,
      objectives: section.objectives,
      title: section.title,
      duration_minutes: section.duration_minutes,
      statements: section.statements.map(({ text, for_teacher }) => ({ text, for_teacher })),
    },
    read: () => {
      sent = statements.filled();
      return {
        kind: section.kind,
        objectives: section.objectives,
        title: oneLine(title.value),
        duration_minutes: Number(minutes.value),
        statements: sent.map((row) => row.read()),
      };
    },
    names: (name) => {
      const place = /^statements\[(\d+)\]/.exec(name)?.[1];
      if (place !== undefined) return sent[place]?.first.name ?? name;
      return name === "" ? "duration_minutes" : name; // what is wrong with all sections is their minutes
    },
  };
}

function statementRow(prefix, number, lang, statement = { text: "", for_teacher: false }) {
  const text = area(statement.text, 2, { maxlength: 2000, lang });
  const whole = field(prefix, `statement-${number}`, "", text);
  const teacher = input("", { type: "checkbox", id: `${prefix}-teacher-${number}` });
  teacher.checked = statement.for_teacher;
  const mark = make("label", undefined, { class: "mark" });
  mark.append(teacher, EDIT.teacher);
  return {
    parts: [whole, mark],
    first: text,
    label: (place) => (whole.firstChild.textContent = EDIT.sentence(place)),
    read: () => {
      const said = oneLine(text.value);
      return said === "" ? null : { text: said, for_teacher: teacher.checked };
    },
  };
}

/** A word to learn and its meaning. */
export function wordForm(word, { language: lang }) {
  const prefix = `edit-${word.id}`;
  const term = input(word.term, { maxlength: 100, required: true, lang });
  const meaning = area(word.meaning ?? "", 2, { maxlength: 2000, lang });
  return {
    id: word.id,
    list: "vocabulary",
    fields: [
      field(prefix, "term", EDIT.term, term),
      field(prefix, "meaning", EDIT.meaning, meaning, EDIT.meaningHint),
    ],
    was: { term: word.term, meaning: word.meaning },
    read: () => ({ term: oneLine(term.value), meaning: oneLine(meaning.value) || null }),
    names: (name) => name,
  };
}
