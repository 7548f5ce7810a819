// Follows a channel and says, in lines of JSON, all that it is told. Times are a fraction of the real ones.
import { createInterface } from "node:readline";
import { connect } from "toolboxai-client";

const { url, token, channel, since, haste = 50, pusher = {} } = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const client = connect({
  url,
  token,
  pusher,
  maxAttempts: 1000,
  fetch: (address, asked) => fetch(address, { ...asked, signal: AbortSignal.timeout(700) }),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / haste)),
  onState: (state) => say({ state }),
  onError: (error) => say({ error }),
  onGiveUp: (fault) => say({ gaveUp: fault.name }),
});
const followed = client.subscribe(channel, since === undefined ? {} : { since });
followed.onAny(({ name, seq, data, userId }) => say({ name, seq, data, userId }));
followed.ready.then(
  () => say({ ready: true }),
  (fault) => say({ denied: fault.message, status: fault.status }),
);

createInterface({ input: process.stdin }).on("line", (line) => {
  const { trigger, close } = JSON.parse(line);
  try {
    if (trigger) followed.trigger("client-said", trigger);
    if (close) client.close();
  } catch (fault) {
    say({ threw: fault.name });
  }
});
