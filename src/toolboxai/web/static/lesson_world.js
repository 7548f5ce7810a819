// The newest world of a lesson, on the lesson's page: how far it is, and its pictures.

import { at, fill, say } from "./dom.js";
import { trouble } from "./trouble.js";
import { Watch } from "./watch.js";
import { plans } from "./world_plan.js";
import { PLAN } from "./plan_words.js";

let shown = null; // id of the content
let watch = null;

/** Show that of a content, live; null: show none. */
export async function showWorld(service, content) {
  if (shown === content) return;
  shown = content;
  watch?.stop();
  say(["lesson-world-said", "lesson-world-way", "lesson-plans"], "");
  if (content === null) return;
  const url = `/api/v1/roblox/environments?limit=1&content_id=${content}`;
  const found = await service.call("GET", url).catch(trouble);
  const world = found?.items[0];
  if (shown !== content) return;
  at("lesson-world-way").href = `/worlds#${world ? `world=${world.environment_id}` : `new&lesson=${content}`}`;
  say("lesson-world-way", world ? PLAN.open : PLAN.build);
  if (world === undefined) return;
  const draw = async ({ status, progress, components }) => {
    say("lesson-world-said", PLAN.of(world.name, status, progress));
    const drawn = components.buildings === "complete" ? await plans(service, world).catch(trouble) : [];
    if (shown === content) fill("lesson-plans", drawn ?? []);
  };
  draw(world);
  const event = ({ type, data }) => type === "environment_status" && draw(data);
  watch = new Watch(service, world, { event, link() {}, trouble }, world.last_seq);
  watch.start();
}
