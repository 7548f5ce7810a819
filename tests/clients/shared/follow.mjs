// Follows a channel and says, in lines of JSON, all that it is told. Times are a fraction of the real ones.
// follow.py is its twin: what one is told, and what it says of that, the other is told and says.
import { createInterface } from "node:readline";
import { connect } from "toolboxai-client";

const HASTE = 50;
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
let client, followed;

function begin({ url, token, channel, since, queue = 100, attempts = 1000, expired, impatient }) {
  client = connect({
    url,
    token: (refused) => (expired && refused === undefined ? "over" : token),
    queue,
    maxAttempts: attempts,
    pusher: impatient ? { activityTimeout: 300, pongTimeout: 200, unavailableTimeout: 1000 } : {},
    fetch: (address, asked) => fetch(address, { ...asked, signal: AbortSignal.timeout(700) }),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / HASTE)),
    onState: (state) => say({ state }),
    onError: (error) => say({ error }),
    onGiveUp: (fault) => say({ gaveUp: fault.name }),
  });
  subscribe({ channel, since });
}

function subscribe({ channel, since }) {
  followed = client.subscribe(channel, since === undefined ? {} : { since });
  followed.onAny(({ name, seq, data, userId }) => {
    if (!name.startsWith("pusher:")) say({ name, seq, data, userId });
  });
  followed.ready.then(
    () => say({ ready: true }),
    (fault) => say({ denied: fault.message, status: fault.status }),
  );
}

const orders = {
  begin,
  subscribe,
  trigger: (data) => followed.trigger("client-said", data),
  unsubscribe: () => followed.unsubscribe(),
  echo: (echo) => say({ echo }),
  close: () => client.close(),
};

createInterface({ input: process.stdin }).on("line", (line) => {
  for (const [order, how] of Object.entries(JSON.parse(line))) {
    try {
      orders[order](how);
    } catch (fault) {
      say({ threw: fault.name });
    }
  }
});
