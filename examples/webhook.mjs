// Receive webhooks with the official library for servers: npm install pusher
import { createServer } from "node:http";
import Pusher from "pusher";

const { PUSHER_APP_ID: appId, PUSHER_KEY: key, PUSHER_SECRET: secret } = process.env;
const pusher = new Pusher({ appId, key, secret });
const seen = new Set(); // in an application: a column with a unique index

createServer(async (request, answer) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const webhook = pusher.webhook({ headers: request.headers, rawBody: Buffer.concat(parts).toString() });
  const id = request.headers["x-toolboxai-webhook-id"];
  if (webhook.isValid() && !seen.has(id)) {
    seen.add(id);
    for (const event of webhook.getEvents()) console.log(event.name, event.channel);
  }
  answer.writeHead(webhook.isValid() ? 200 : 401).end();
}).listen(Number(process.argv[2] ?? 8100), "127.0.0.1");
