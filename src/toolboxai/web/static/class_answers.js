// The answers of a class to one quiz: what the server has counted, and what is told live since. The first answer of a
// pupil to a question counts, so that it may be told any number of times.

export class ClassAnswers {
  /** As the server gives them: {question_id, question, commonest_wrong, …}, in the order of the quiz. */
  questions = [];
  /** By user id: {name, scores: Map of question id to 0 … 1}. */
  pupils = new Map();

  /** Take what the server has counted. */
  read(results) {
    this.questions = results.questions;
    this.pupils = new Map(
      results.pupils.map(({ user_id, name, scores }) => [user_id, { name, scores: new Map(Object.entries(scores)) }]),
    );
  }

  /** Take one answer that is told live; false when it is known, or is not the first. */
  take({ user_id, name, question_id, score }) {
    if (!this.pupils.has(user_id)) this.pupils.set(user_id, { name, scores: new Map() });
    const { scores } = this.pupils.get(user_id);
    if (scores.has(question_id)) return false;
    scores.set(question_id, score);
    return true;
  }

  /** Whether the quiz had this question when it was read. */
  asks(question_id) {
    return this.questions.some((question) => question.question_id === question_id);
  }

  /** {answered, right} of a question. */
  ofQuestion(question_id) {
    return counted([...this.pupils.values()].flatMap(({ scores }) => (scores.has(question_id) ? [scores.get(question_id)] : [])));
  }

  /** {answered, right} of a pupil. */
  ofPupil(user_id) {
    return counted([...this.pupils.get(user_id).scores.values()]);
  }

  /** {pupils, begun: how many have answered something, answered, right} of all. */
  get sum() {
    const all = [...this.pupils.values()];
    const begun = all.filter(({ scores }) => scores.size > 0).length;
    return { pupils: all.length, begun, ...counted(all.flatMap(({ scores }) => [...scores.values()])) };
  }
}

function counted(scores) {
  return { answered: scores.length, right: scores.filter((score) => score === 1).length };
}
