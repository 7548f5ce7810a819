// Lines of a CSV file, as a spreadsheet counts them. Only to show what is in a line: the server decides what is good.

const DELIMITERS = [",", ";", "\t"];

/** The lines as lists of cells; a line may hold line breaks within quotes, and an empty one has no cells. */
export function csvLines(text) {
  const first = text.slice(0, 1000).split("\n", 1)[0];
  const often = (delimiter) => first.split(delimiter).length;
  const delimiter = DELIMITERS.reduce((best, next) => (often(next) > often(best) ? next : best));
  const lines = [];
  let cells = [], cell = "", quoted = false;
  const end = () => {
    if (cells.length > 0 || cell !== "") cells.push(cell);
    lines.push(cells);
    cells = [];
    cell = "";
  };
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text[++at];
      else quoted = false;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === delimiter) {
      cells.push(cell);
      cell = "";
    } else if (letter === "\n") end();
    else if (letter !== "\r") cell += letter;
  }
  if (cells.length > 0 || cell !== "") end();
  return lines;
}
