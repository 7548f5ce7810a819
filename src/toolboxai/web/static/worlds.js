// Worlds: the list, a new one, one that is followed live, and its scripts. The parts are joined here.

import { Door } from "./door.js";
import { ScriptView } from "./script_view.js";
import { trouble } from "./trouble.js";
import { World } from "./world.js";
import { WorldWish } from "./world_wish.js";
import { WorldsView } from "./worlds_view.js";
import { SCRIPT } from "./worlds_words.js";

const door = new Door({ sections: ["worlds", "begin", "world", "script"], entered: go, left: clear });
const list = new WorldsView(door);
const wish = new WorldWish(door);
const script = new ScriptView(door);
const world = new World(door, script);
let shown = location.href; // the address of it

addEventListener("hashchange", () => door.user !== null && turn());
addEventListener("beforeunload", (event) => script.unsaved && event.preventDefault());
door.open();

/** What the address names: a script of a world, a world, the form for a new one, else the list. */
async function go() {
  const named = new URLSearchParams(location.hash.slice(1));
  const here = (shown = location.href);
  if (named.has("world")) await world.show(named.get("world"), named.get("script"), () => shown === here);
  else if (named.has("new") && wish.may) await wish.show(named.get("lesson"));
  else await list.show();
}

/** To what the address names now; a step within the page leaves what is shown. */
async function turn() {
  const within = location.hash === "#main";
  if (within || (location.href !== shown && script.unsaved && !confirm(SCRIPT.unsaved))) {
    history.replaceState(null, "", shown);
    return;
  }
  trouble(null);
  script.clear();
  try {
    await go();
  } catch (fault) {
    trouble(fault);
  }
}

function clear() {
  list.clear();
  wish.clear();
  world.clear();
  history.replaceState(null, "", location.pathname + location.search);
}
