// The rival on Node: the library `ws`, as its documentation broadcasts. The event becomes one buffer, and each client is sent it.
//
// usage: node ws.cjs PORT; PUSHER_KEY and PUSHER_SECRET in the environment
const { createServer } = require("node:http");
const { WebSocketServer, WebSocket } = require("ws");
const { fault, texts } = require("./signed.cjs");

const { PUSHER_KEY: key, PUSHER_SECRET: secret } = process.env;

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    const [path, query = ""] = request.url.split("?", 2);
    const wrong = fault(request.method, path, query, body, key, secret);
    response.writeHead(wrong ? 401 : 200, { "Content-Type": "application/json", "Content-Length": wrong ? wrong.length : 2 });
    if (!wrong)
      for (const text of texts(body)) {
        const message = Buffer.from(text);
        for (const client of sockets.clients)
          if (client.readyState === WebSocket.OPEN) client.send(message, { binary: false });
      }
    response.end(wrong ?? "{}");
  });
});
const sockets = new WebSocketServer({ server, path: "/ws", perMessageDeflate: false });
sockets.on("connection", (socket) => socket.on("error", () => socket.terminate()));

server.keepAliveTimeout = 0; // publishers have pauses between rounds

server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 }, () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}`));
