// A school's list of people becomes accounts: checked first, then made, then handed out as links on paper.

import { csvLines } from "./csv.js";
import { at, make } from "./dom.js";
import { Refusal, Unreachable } from "./service.js";
import { day } from "./times.js";
import { Told, act } from "./trouble.js";
import { SCHOOL } from "./school_words.js";

const MOST_BYTES = 1 << 20;
const PARTS = ["faults", "good", "made"];

export class RosterView {
  #door;
  #file = null; // the bytes that were checked: what is made is what was looked at

  constructor(door) {
    this.#door = door;
    const place = at("roster");
    at("roster-file").addEventListener("change", () => this.#given(at("roster-file").files));
    place.addEventListener("dragover", (event) => event.preventDefault());
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      if (at("roster-made").hidden) this.#given(event.dataTransfer.files);
    });
    at("roster-make").addEventListener("click", (event) => act(event, place, () => this.#make()));
    at("roster-drop").addEventListener("click", () => this.#again());
    at("roster-done").addEventListener("click", () => this.#again());
    at("roster-print").addEventListener("click", () => print());
    addEventListener("beforeunload", (event) => {
      if (!at("roster-made").hidden) event.preventDefault(); // the links are nowhere else
    });
  }

  async open() {
    this.#door.show("roster");
  }

  close() {}

  clear() {
    this.#show(null);
    for (const id of ["roster-fault-rows", "roster-links"]) at(id).replaceChildren();
    this.#file = null;
  }

  #given(files) {
    const file = files[0];
    if (file === undefined) return;
    act(null, at("roster"), async () => {
      this.#show(null);
      if (file.size > MOST_BYTES) throw new Told(SCHOOL.rosterTooLarge);
      this.#file = await file.arrayBuffer();
      at("roster-file").value = ""; // the same file, put right, counts as another
      at("roster-state").textContent = SCHOOL.checking(file.name);
      try {
        this.#good(await this.#send("?check=true"));
      } catch (fault) {
        this.#refused(fault);
      } finally {
        at("roster-state").textContent = "";
      }
    });
  }

  async #make() {
    at("roster-state").textContent = SCHOOL.making;
    try {
      this.#made(await this.#send(""));
    } catch (fault) {
      if (fault instanceof Unreachable) throw new Told(SCHOOL.rosterUnsure);
      this.#refused(fault);
    } finally {
      at("roster-state").textContent = "";
    }
  }

  async #send(query) {
    const options = { method: "POST", headers: { "Content-Type": "text/csv" }, body: this.#file };
    return (await this.#door.service.fetch(`/api/v1/admin/users/roster${query}`, options)).json();
  }

  #again() {
    this.clear();
    at("roster-title").focus();
  }

  /** Show one part, and whether a file can be given. */
  #show(part) {
    for (const each of PARTS) at(`roster-${each}`).hidden = each !== part;
    at("roster-give").hidden = part === "good" || part === "made";
    if (part !== null) at(`roster-${part}-title`).focus();
  }

  #refused(fault) {
    if (!(fault instanceof Refusal) || fault.faults.length === 0) throw fault;
    const lines = csvLines(new TextDecoder().decode(this.#file));
    const byLine = new Map(fault.faults.map(({ line }) => [line, []]));
    for (const each of fault.faults) byLine.get(each.line).push(each);
    at("roster-faults-title").textContent = SCHOOL.faults(fault.faults.length, byLine.size);
    at("roster-fault-rows").replaceChildren(
      ...[...byLine].map(([line, faults]) => faultRow(line, lines[line - 1] ?? [], faults)),
    );
    this.#show("faults");
  }

  #good({ rows, classes }) {
    at("roster-good-title").textContent = SCHOOL.rosterGood(rows);
    at("roster-classes").textContent = SCHOOL.newClasses(classes);
    this.#show("good");
  }

  #made({ made, links, links_expire_at }) {
    at("roster-made-title").textContent = SCHOOL.rosterMade(made);
    at("roster-until").textContent = links_expire_at === null ? "" : SCHOOL.linksOnce(day(links_expire_at));
    at("roster-links").replaceChildren(...links.map(slip));
    this.#file = null;
    this.#show("made");
  }
}

function faultRow(line, cells, faults) {
  const row = make("tr", undefined, { "data-line": line });
  const told = make("ul");
  told.append(
    ...faults.map(({ column, problem }) => {
      const said = make("li", problem);
      if (column !== "") said.prepend(make("strong", `${column}: `));
      return said;
    }),
  );
  const wrong = make("td");
  wrong.append(told);
  row.append(make("th", String(line), { scope: "row" }), make("td", cells.join(" · ")), wrong);
  return row;
}

/** What one person gets, to be cut out. */
function slip({ username, display_name, link }) {
  const made = make("li");
  made.append(
    make("strong", display_name),
    make("span", SCHOOL.slipName(username)),
    make("code", new URL(link, location.origin).href),
  );
  return made;
}
