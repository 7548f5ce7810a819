// The parts of a lesson as a teacher reads them. What comes out of a text is set as text, in the text's own language.

import { make } from "./dom.js";
import { DIFFICULTIES, KINDS, LESSON, QUESTIONS } from "./lesson_words.js";

/** A section: title, minutes, statements, each with the sentence that it stands on. */
export function sectionPart(section, lesson) {
  const part = article(section.id, section.title, lesson.language);
  const facts = [KINDS[section.kind] ?? section.kind, LESSON.minutes(section.duration_minutes)];
  if (section.objectives.length > 0) facts.push(LESSON.serves(section.objectives.map((place) => place + 1)));
  const list = make("ul", undefined, { class: "statements" });
  for (const statement of section.statements) {
    const line = make("li");
    line.append(make("span", statement.text, { lang: lesson.language }));
    if (statement.for_teacher) line.append(" ", make("span", LESSON.teacher, { class: "tag" }));
    line.append(make("span", origin(statement), { class: "source" }));
    list.append(line);
  }
  part.append(make("p", facts.join(" · "), { class: "hint" }), list);
  return part;
}

/** A word to learn. */
export function wordPart(word, lesson) {
  const part = article(word.id, word.term, lesson.language);
  const meaning = word.meaning ?? LESSON.noMeaning;
  part.append(make("p", meaning, word.meaning === null ? { class: "hint" } : { lang: lesson.language }));
  if (word.source_sentence) {
    const source = make("p", undefined, { class: "quoted" });
    source.append(make("q", word.source_sentence, { lang: lesson.language }));
    if (word.source_index !== null) source.append(make("span", LESSON.fromText(word.source_index), { class: "source" }));
    part.append(source);
  }
  return part;
}

/** A question with all that a teacher wants to know of it; `place` counts from 1. */
export function questionPart(question, place, lesson) {
  const lang = lesson.language;
  const part = article(question.id, LESSON.question(place), "");
  part.append(make("p", QUESTIONS[question.type] ?? question.type, { class: "hint" }));
  part.append(make("p", question.question, { class: "asked", lang }));
  const facts = make("dl");
  for (const [name, value] of [...answered(question, lang), ...told(question, lesson)]) {
    const shown = make("dd");
    shown.append(...value);
    facts.append(make("dt", name), shown);
  }
  part.append(facts);
  return part;
}

/** Which sections and questions serve which objective; what none serves is named. */
export function coverageTable(content) {
  const { lesson, quiz, coverage } = content;
  const table = make("table");
  const head = make("tr");
  for (const name of [LESSON.objective, LESSON.parts, LESSON.questions]) head.append(make("th", name, { scope: "col" }));
  const top = make("thead");
  top.append(head);
  const body = make("tbody");
  coverage.forEach((row, place) => {
    const places = row.questions.map((id) => quiz.questions.findIndex((question) => question.id === id) + 1);
    const line = make("tr");
    const objective = make("th", `${place + 1}. `, { scope: "row" });
    objective.append(make("span", row.objective, { lang: lesson.language }));
    line.append(
      objective,
      cell(row.sections.map((section) => lesson.sections[section].title), LESSON.noPart, lesson.language),
      cell(places.length > 0 ? [places.join(", ")] : [], LESSON.noQuestion, ""),
    );
    body.append(line);
  });
  table.append(top, body);
  const gaps = coverage.filter((row) => row.sections.length === 0 || row.questions.length === 0).length;
  return [make("p", gaps > 0 ? LESSON.gaps(gaps) : LESSON.noGaps), table];
}

function article(id, title, lang) {
  const part = make("article", undefined, { class: "part", "data-part": id, "aria-labelledby": `part-${id}` });
  part.append(make("h4", title, { id: `part-${id}`, lang: lang === "" ? false : lang, tabindex: "-1" }));
  return part;
}

function origin(statement) {
  if (statement.sentence !== null) return LESSON.fromText(statement.sentence);
  return statement.edited ? LESSON.written : LESSON.around;
}

/** Names and values of what a pupil has to choose, write, pair or put in order. */
function answered(question, lang) {
  const text = (words) => make("span", words, { lang });
  const lines = (list, each, tag = "ul") => {
    const made = make(tag);
    for (const one of list) {
      const line = make("li");
      line.append(...each(one));
      made.append(line);
    }
    return [made];
  };
  const { type, options, prompts, correct_answer: answer } = question;
  if (type === "ordering") return [[LESSON.order, lines(answer, (one) => [text(one)], "ol")]];
  if (type === "matching") {
    const pairs = prompts.map((prompt, place) => [prompt, answer[place]]);
    return [[LESSON.pairs, lines(pairs, ([prompt, partner]) => [text(prompt), " → ", text(partner)])]];
  }
  if (options.length > 0) {
    const right = () => make("strong", ` ✓ ${LESSON.right}`, { class: "right" });
    return [[LESSON.options, lines(options, (one) => (one === answer ? [text(one), right()] : [text(one)]))]];
  }
  const words = type === "numeric" && question.unit ? `${answer} ${question.unit}` : answer;
  const found = [[LESSON.answer, [make("strong", words, { lang })]]];
  if (question.accepted.length > 0) found.push([LESSON.accepted, [text(question.accepted.join(", "))]]);
  if (type === "numeric") found[0][1].push(` (${question.tolerance > 0 ? LESSON.within(question.tolerance) : LESSON.exactly})`);
  return found;
}

/** Names and values of what is the teacher's. */
function told(question, lesson) {
  const { language: lang, objectives } = lesson;
  const found = [];
  if (question.rationale) found.push([LESSON.why, [make("span", question.rationale, { lang })]]);
  const source = question.source_sentence
    ? [make("q", question.source_sentence, { lang }), make("span", sentences(question), { class: "source" })]
    : [LESSON.noSource];
  const place = question.objective;
  found.push([LESSON.source, source]);
  found.push([LESSON.objective, [place === null ? LESSON.noObjective : LESSON.objectiveAt(place + 1, objectives[place].title)]]);
  found.push([LESSON.difficulty, [DIFFICULTIES[question.difficulty] ?? question.difficulty]]);
  return found;
}

function sentences(question) {
  if (question.sources.length > 0) return LESSON.fromTexts(question.sources);
  return question.source_index === null ? "" : LESSON.fromText(question.source_index);
}

function cell(texts, none, lang) {
  if (texts.length === 0) return make("td", none, { class: "gap" });
  return make("td", texts.join("; "), { lang: lang === "" ? false : lang });
}
