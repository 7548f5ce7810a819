// The rival in C++: uWebSockets.js. Clients subscribe to its own topic, and an event is published to that once.
//
// usage: node uwebsockets.cjs PORT; PUSHER_KEY and PUSHER_SECRET in the environment
const uws = require("uWebSockets.js");
const { fault, texts } = require("./signed.cjs");

const { PUSHER_KEY: key, PUSHER_SECRET: secret } = process.env;

const app = uws.App();
// What waits for one client may be as much as with us; from its default of 64 kB on it would leave out events.
app.ws("/ws", {
  compression: uws.DISABLED,
  maxBackpressure: 1 << 20,
  open: (socket) => socket.subscribe("everyone"),
});
app.post("/apps/:app/events", (response, request) => {
  const path = request.getUrl(), query = request.getQuery(), parts = [];
  response.onAborted(() => {});
  response.onData((part, last) => {
    parts.push(Buffer.from(part.slice(0))); // the part is gone when this returns
    if (!last) return;
    const body = Buffer.concat(parts);
    const wrong = fault("POST", path, query, body, key, secret);
    response.cork(() => {
      response.writeStatus(wrong ? "401 Unauthorized" : "200 OK").writeHeader("Content-Type", "application/json");
      response.end(wrong ?? "{}");
    });
    if (!wrong) for (const text of texts(body)) app.publish("everyone", text);
  });
});
app.listen("127.0.0.1", Number(process.argv[2]), (listener) => {
  if (!listener) throw new Error(`port ${process.argv[2]} is taken`);
  console.log(`listening on http://127.0.0.1:${uws.us_socket_local_port(listener)}`);
});
