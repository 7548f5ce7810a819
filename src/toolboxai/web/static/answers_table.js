// The answers of a class as a table of pupils, and as a list of questions.

import { make } from "./dom.js";
import { SCHOOL } from "./school_words.js";

/** Have these where others were: what is the same stays, and with it the place of whoever is reading there. */
export function redraw(place, made) {
  made.forEach((node, nth) => {
    const before = place.children[nth];
    if (before === undefined) place.append(node);
    else if (!before.isEqualNode(node)) before.replaceWith(node);
  });
  while (place.childElementCount > made.length) place.lastElementChild.remove();
}

/** The cells of the head: a column for each question of the quiz. */
export function pupilsHead(answers) {
  const questions = answers.questions.map(({ question }, place) => {
    const cell = make("th", String(place + 1), { scope: "col" });
    cell.prepend(make("span", `${SCHOOL.question} `, { class: "unseen" }));
    if (question !== null) cell.title = question;
    return cell;
  });
  return [SCHOOL.pupil, SCHOOL.right].map((text) => make("th", text, { scope: "col" })).concat(questions);
}

/** The row of a pupil. */
export function pupilRow(answers, user_id, here) {
  const { name, scores } = answers.pupils.get(user_id);
  const { answered, right } = answers.ofPupil(user_id);
  const row = make("tr", undefined, { "data-user": user_id, "data-here": String(here) });
  const head = make("th", name, { scope: "row" });
  if (here) head.append(make("span", SCHOOL.hereNow, { class: "here" }));
  row.append(head, make("td", SCHOOL.rightOf(right, answered)));
  for (const { question_id } of answers.questions) row.append(scoreCell(question_id, scores.get(question_id)));
  return row;
}

function scoreCell(question_id, score) {
  const kind = score === undefined ? "open" : score === 1 ? "right" : score === 0 ? "wrong" : "partly";
  const shown = { open: "", right: "✓", wrong: "✗", partly: String(Math.round((score ?? 0) * 100) / 100) }[kind];
  const cell = make("td", undefined, { "data-question": question_id, "data-kind": kind });
  cell.append(make("span", shown, { "aria-hidden": "true" }), make("span", SCHOOL.kinds[kind](score), { class: "unseen" }));
  return cell;
}

/** One question: what was asked, how it was answered, and what was answered wrong most often. */
export function questionItem(answers, { question_id, question, commonest_wrong }) {
  const { answered, right } = answers.ofQuestion(question_id);
  const item = make("li", undefined, { "data-question": question_id });
  item.append(make("p", question ?? SCHOOL.questionGone), make("p", SCHOOL.answered(answered, right), { class: "facts" }));
  if (answered > 0) item.append(make("progress", undefined, { max: answered, value: right, "aria-hidden": "true" }));
  if (commonest_wrong !== null) {
    const { answer, times } = commonest_wrong;
    item.append(make("p", SCHOOL.commonestWrong(inWords(answer), times), { class: "facts" }));
  }
  return item;
}

/** An answer of any kind of question as a line of text. */
function inWords(answer) {
  if (Array.isArray(answer)) return answer.join(", ");
  if (answer !== null && typeof answer === "object") {
    return Object.entries(answer).map(([prompt, partner]) => `${prompt}: ${partner}`).join(", ");
  }
  return SCHOOL.plainAnswer(answer);
}
