// The school's page: classes for teachers, accounts for admins. The address says which part is shown, so that a reload
// and the browser's way back lead to the same.

import { AccountsView } from "./accounts_view.js";
import { AuditView } from "./audit_view.js";
import { ClassView } from "./class_view.js";
import { ClassesView } from "./classes_view.js";
import { Door } from "./door.js";
import { at, make } from "./dom.js";
import { ResultsView } from "./results_view.js";
import { RosterView } from "./roster_view.js";
import { trouble } from "./trouble.js";
import { SCHOOL } from "./school_words.js";

const SECTIONS = ["classes", "classroom", "results", "accounts", "roster", "audit", "nothing"];
const PARTS = [
  { name: "classes", needs: "class:manage" },
  { name: "accounts", needs: "users:manage" },
  { name: "roster", needs: "users:manage" },
  { name: "audit", needs: "users:manage" },
];

const door = new Door({ sections: SECTIONS, entered: go, left });
const views = {
  classes: new ClassesView(door),
  classroom: new ClassView(door),
  results: new ResultsView(door),
  accounts: new AccountsView(door),
  roster: new RosterView(door),
  audit: new AuditView(door),
};
let shown = null; // the view that is open
let turn = 0;
let here = location.hash;

at("nothing-learn").href = "/learn";

addEventListener("hashchange", () => {
  // The link past the header is no place of this page.
  if (location.hash === "#main") history.replaceState(null, "", location.pathname + here);
  else if (door.user !== null) go();
});
door.open();

/** Open what the address asks for, or what comes first for this account. */
async function go() {
  const mine = ++turn;
  here = location.hash;
  const parts = PARTS.filter(({ needs }) => door.user.permissions.includes(needs));
  const asked = Object.fromEntries(new URLSearchParams(here.slice(1)));
  const view = wanted(asked, parts);
  shown?.close();
  shown = view === null ? null : views[view];
  tabs(parts, view);
  trouble(null);
  if (view === null) {
    door.show("nothing");
    return;
  }
  try {
    await shown.open(asked, () => mine === turn && door.user !== null);
  } catch (fault) {
    if (mine === turn) trouble(fault);
  }
}

function wanted(asked, parts) {
  if (parts.length === 0) return null;
  if (asked.class && parts[0].name === "classes") return asked.lesson ? "results" : "classroom";
  return (parts.find(({ name }) => name in asked) ?? parts[0]).name;
}

function tabs(parts, view) {
  const current = view === "classroom" || view === "results" ? "classes" : view;
  const links = parts.map(({ name }) =>
    make("a", SCHOOL.parts[name], { href: `#${name}`, "aria-current": name === current ? "page" : false }),
  );
  at("parts").replaceChildren(...links);
  at("parts").hidden = links.length < 2;
}

/** Nobody is here any more: what was shown is for nobody else. */
function left() {
  turn += 1;
  shown?.close();
  shown = null;
  at("parts").hidden = true;
  for (const view of Object.values(views)) view.clear();
  history.replaceState(null, "", location.pathname);
  here = "";
}
