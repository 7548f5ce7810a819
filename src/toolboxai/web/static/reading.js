// A lesson to read, as it stands on the pupil's sheet.

import { make } from "./dom.js";
import { LEARN } from "./learn_words.js";

/** The parts of a lesson. Whoever teaches gets more of it than pupils do, and sees the same here. */
export function reading(lesson) {
  const parts = [];
  const aims = lesson.objectives.map((aim) => (typeof aim === "string" ? aim : aim.title));
  if (aims.length > 0) parts.push(make("h3", LEARN.objectives), listed(aims, lesson.language));
  let words = lesson.vocabulary;
  for (const section of lesson.sections) {
    parts.push(make("h3", section.title, { lang: lesson.language }));
    parts.push(make("p", LEARN.minutes(section.duration_minutes), { class: "hint" }));
    for (const line of section.statements) {
      if (!line.for_teacher) parts.push(make("p", line.text ?? line, { lang: lesson.language }));
    }
    if (section.kind !== "vocabulary" || words.length === 0) continue;
    parts.push(meanings(words, lesson.language));
    words = [];
  }
  if (words.length > 0) parts.push(make("h3", LEARN.vocabulary), meanings(words, lesson.language));
  return parts;
}

function listed(texts, lang) {
  const list = make("ul", undefined, { lang });
  list.append(...texts.map((text) => make("li", text)));
  return list;
}

function meanings(vocabulary, lang) {
  const list = make("dl", undefined, { lang });
  for (const { term, meaning, source_sentence } of vocabulary) {
    list.append(make("dt", term), make("dd", meaning ?? source_sentence));
  }
  return list;
}
