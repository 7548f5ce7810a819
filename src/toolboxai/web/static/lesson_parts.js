// The parts of a lesson as a teacher reads them. What comes out of a text is set as text, in the text's own language.

import { make } from "./dom.js";
import { DIFFICULTIES, KINDS, LESSON, QUESTIONS } from "./lesson_words.js";

/** A section: title, minutes, statements, each with the sentence that it stands on. */
export function sectionPart(section, lesson) {
  const lang = lesson.language;
  const facts = [KINDS[section.kind] ?? section.kind, LESSON.minutes(section.duration_minutes)];
  if (section.objectives.length > 0) facts.push(LESSON.serves(section.objectives.map((place) => place + 1)));
  const lines = section.statements.map((statement) => [
    make("span", statement.text, { lang }),
    ...(statement.for_teacher ? [" ", make("span", LESSON.teacher, { class: "tag" })] : []),
    make("span", origin(statement), { class: "source" }),
  ]);
  return article(section.id, section.title, lang, [make("p", facts.join(" · "), { class: "hint" }), list(lines)]);
}

/** A word to learn. */
export function wordPart(word, lesson) {
  const lang = lesson.language;
  const parts = [make("p", word.meaning ?? LESSON.noMeaning, word.meaning === null ? { class: "hint" } : { lang })];
  if (word.source_sentence) parts.push(make("p", quoted(word, lang)));
  return article(word.id, word.term, lang, parts);
}

/** A question with all that a teacher wants to know of it; `place` counts from 1. */
export function questionPart(question, place, lesson) {
  const lang = lesson.language;
  const facts = [...answered(question, lang), ...told(question, lesson)];
  return article(question.id, LESSON.question(place), false, [
    make("p", QUESTIONS[question.type] ?? question.type, { class: "hint" }),
    make("p", question.question, { class: "asked", lang }),
    make("dl", facts.flatMap(([name, value]) => [make("dt", name), make("dd", value)])),
  ]);
}

/** Which sections and questions serve which objective; what none serves is named. */
export function coverageTable(content) {
  const { lesson, quiz, coverage } = content;
  const lang = lesson.language;
  const names = [LESSON.objective, LESSON.parts, LESSON.questions].map((name) => make("th", name, { scope: "col" }));
  const lines = coverage.map(({ objective, sections, questions }, place) => {
    const places = questions.map((id) => quiz.questions.findIndex((question) => question.id === id) + 1);
    const titles = sections.map((section) => lesson.sections[section].title);
    return make("tr", [
      make("th", [`${place + 1}. `, make("span", objective, { lang })], { scope: "row" }),
      cell(titles.join("; "), LESSON.noPart, lang),
      cell(places.join(", "), LESSON.noQuestion, false),
    ]);
  });
  const gaps = coverage.filter((row) => row.sections.length === 0 || row.questions.length === 0).length;
  const table = make("table", [make("thead", [make("tr", names)]), make("tbody", lines)]);
  return [make("p", gaps > 0 ? LESSON.gaps(gaps) : LESSON.noGaps), table];
}

function article(id, title, lang, parts) {
  const head = make("h4", title, { id: `part-${id}`, lang, tabindex: "-1" });
  return make("article", [head, ...parts], { class: "part", "data-part": id, "aria-labelledby": `part-${id}` });
}

function list(lines, tag = "ul") {
  return make(tag, lines.map((line) => make("li", line)));
}

/** A sentence of the text, and where it stands. */
function quoted(of, lang) {
  return [make("q", of.source_sentence, { lang }), make("span", sentences(of), { class: "source" })];
}

function origin(statement) {
  if (statement.sentence !== null) return LESSON.fromText(statement.sentence);
  return statement.edited ? LESSON.written : LESSON.around;
}

/** Names and values of what a pupil has to choose, write, pair or put in order. */
function answered(question, lang) {
  const text = (words) => make("span", words, { lang });
  const { type, options, prompts, correct_answer: answer } = question;
  if (type === "ordering") return [[LESSON.order, [list(answer.map((one) => [text(one)]), "ol")]]];
  if (type === "matching") {
    return [[LESSON.pairs, [list(prompts.map((prompt, place) => [text(prompt), " → ", text(answer[place])]))]]];
  }
  if (options.length > 0) {
    const right = make("strong", ` ✓ ${LESSON.right}`, { class: "right" });
    return [[LESSON.options, [list(options.map((one) => (one === answer ? [text(one), right] : [text(one)])))]]];
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
  const source = question.source_sentence ? quoted(question, lang) : [LESSON.noSource];
  const place = question.objective;
  found.push([LESSON.source, source]);
  found.push([LESSON.objective, [place === null ? LESSON.noObjective : LESSON.objectiveAt(place + 1, objectives[place].title)]]);
  found.push([LESSON.difficulty, [DIFFICULTIES[question.difficulty] ?? question.difficulty]]);
  return found;
}

function sentences({ sources = [], source_index: index }) {
  const places = sources.length > 0 || index === null ? sources : [index];
  return places.length === 0 ? "" : LESSON.fromText(...places);
}

function cell(text, none, lang) {
  return text === "" ? make("td", none, { class: "gap" }) : make("td", text, { lang });
}
