// What both rivals in JavaScript do with a publish request: check its signature as the Channels API says, and read its body.
const { createHash, createHmac, timingSafeEqual } = require("node:crypto");

const TIMESTAMP_WINDOW_S = 600;

// What is wrong with a signed request, or null.
function fault(method, path, query, body, key, secret) {
  const given = new Map(query.split("&").map((pair) => pair.split("=", 2)));
  const signature = given.get("auth_signature") ?? "";
  given.delete("auth_signature");
  const text = [...given].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${value}`).join("&");
  const expected = createHmac("sha256", secret).update(`${method}\n${path}\n${text}`).digest("hex");
  if (given.get("auth_key") !== key) return "unknown auth_key";
  if (!(Math.abs(Date.now() / 1000 - Number(given.get("auth_timestamp"))) < TIMESTAMP_WINDOW_S)) return "timestamp expired";
  if (given.get("body_md5") !== createHash("md5").update(body).digest("hex")) return "body_md5 does not match the body";
  if (signature.length !== expected.length || !timingSafeEqual(Buffer.from(signature), Buffer.from(expected)))
    return "invalid signature";
  return null;
}

// One text for each channel of the request that has followers; `nobody` has none.
function* texts(body) {
  const { name, channels, data } = JSON.parse(body);
  for (const channel of channels)
    if (channel !== "nobody") yield JSON.stringify({ event: name, channel, data });
}

module.exports = { fault, texts };
