// The files of a lesson: a button for each format of each sheet.

import { make } from "./dom.js";
import { FORMATS, SHEETS, size } from "./words.js";

/**
 * The buttons, parted by who reads the sheets.
 * @param files as a content answers them
 * @param download called with (format, sheet) when somebody wants one
 */
export function downloads(files, download) {
  return Object.keys(SHEETS).map((sheet) => {
    const part = make("div", undefined, { role: "group", "aria-label": SHEETS[sheet] });
    const list = make("ul");
    const order = Object.keys(FORMATS);
    const mine = files.filter((file) => file.sheet === sheet);
    for (const file of mine.sort((one, other) => order.indexOf(one.format) - order.indexOf(other.format))) {
      const name = FORMATS[file.format] ?? file.format;
      const label = file.size === null ? name : `${name}, ${size(file.size)}`; // null: it is written when asked for
      const button = make("button", label, { type: "button", class: "quiet", "data-file": `${sheet} ${file.format}` });
      button.addEventListener("click", () => download(file.format, sheet));
      const item = make("li");
      item.append(button);
      list.append(item);
    }
    part.append(make("h4", SHEETS[sheet]), list);
    return part;
  });
}
