// The files of a lesson: a button for each format of each sheet.

import { make, quiet } from "./dom.js";
import { save } from "./save.js";
import { act } from "./trouble.js";
import { FORMATS, SHEETS, size } from "./words.js";

/** Put the buttons for the files of a content into a place, parted by who reads the sheets. */
export function offer(service, { content_id, revision, files }, place) {
  const order = Object.keys(FORMATS);
  const parts = Object.entries(SHEETS).map(([sheet, title]) => {
    const mine = files.filter((file) => file.sheet === sheet);
    mine.sort((one, other) => order.indexOf(one.format) - order.indexOf(other.format));
    const items = mine.map(({ format, size: bytes }) => {
      const name = FORMATS[format] ?? format;
      const label = bytes === null ? name : `${name}, ${size(bytes)}`; // null: it is written when asked for
      // A link cannot carry the token. Its address is signed for this one file and five minutes, so it is made on demand.
      const fetched = async () => {
        const url = `/api/v1/content/${content_id}/download-link`;
        await save((await service.call("POST", url, { format, sheet, revision })).url);
      };
      return make("li", [quiet(label, () => act(null, place, fetched), { "data-file": `${sheet} ${format}` })]);
    });
    return make("div", [make("h4", title), make("ul", items)], { role: "group", "aria-label": title });
  });
  place.replaceChildren(...parts);
}
