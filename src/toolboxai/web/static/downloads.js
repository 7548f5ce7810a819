// The files of a lesson: a button for each format of each sheet.

import { make } from "./dom.js";
import { save } from "./save.js";
import { act } from "./trouble.js";
import { FORMATS, SHEETS, size } from "./words.js";

/** Put the buttons for the files of a content into a place, parted by who reads the sheets. */
export function offer(service, { content_id, revision, files }, place) {
  const order = Object.keys(FORMATS);
  const parts = Object.keys(SHEETS).map((sheet) => {
    const part = make("div", undefined, { role: "group", "aria-label": SHEETS[sheet] });
    const list = make("ul");
    const mine = files.filter((file) => file.sheet === sheet);
    for (const { format, size: bytes } of mine.sort((one, other) => order.indexOf(one.format) - order.indexOf(other.format))) {
      const name = FORMATS[format] ?? format;
      const label = bytes === null ? name : `${name}, ${size(bytes)}`; // null: it is written when asked for
      const button = make("button", label, { type: "button", class: "quiet", "data-file": `${sheet} ${format}` });
      // A link cannot carry the token. Its address is signed for this one file and five minutes, so it is made on demand.
      button.addEventListener("click", () =>
        act(null, place, async () => {
          const url = `/api/v1/content/${content_id}/download-link`;
          await save((await service.call("POST", url, { format, sheet, revision })).url);
        }),
      );
      const item = make("li");
      item.append(button);
      list.append(item);
    }
    part.append(make("h4", SHEETS[sheet]), list);
    return part;
  });
  place.replaceChildren(...parts);
}
