// The pictures of a world: the floor plan and a section, each with all that it shows in words.

import { make } from "./dom.js";
import { refused } from "./service.js";
import { PLAN } from "./plan_words.js";

/** Elements with them, none before they are drawn. As images: in these no script runs. `service` is asked, with its token. */
export async function plans(service, { plan_url: url }) {
  try {
    return await Promise.all(["floor", "section"].map((view) => plan(service, `${url}?view=${view}`)));
  } catch (fault) {
    if (refused(fault, 404)) return [];
    throw fault;
  }
}

async function plan(service, url) {
  const svg = await (await service.fetch(url)).text();
  const title = said(svg, "title");
  const image = make("img", "", { alt: title });
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode().finally(() => URL.revokeObjectURL(image.src));
  return make("figure", [image, make("details", [make("summary", PLAN.inWords(title)), make("p", said(svg, "desc"))])]);
}

/** What an SVG says of itself, as text. */
function said(svg, tag) {
  const text = new RegExp(`<${tag}[^>]*>([^<]*)`).exec(svg)?.[1] ?? "";
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
