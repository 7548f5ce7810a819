// Watch a world on its private channel: node world.mjs ENVIRONMENT_ID, with an access token in TOOLBOXAI_TOKEN
import Pusher from "pusher-js";

const pusher = new Pusher(process.env.PUSHER_KEY, {
  cluster: "local",
  wsHost: "127.0.0.1",
  wsPort: 8009,
  forceTLS: false,
  enabledTransports: ["ws"],
  channelAuthorization: {
    endpoint: "http://127.0.0.1:8009/api/v1/pusher/auth",
    headers: { Authorization: `Bearer ${process.env.TOOLBOXAI_TOKEN}` },
  },
});

const channel = pusher.subscribe(`private-roblox-sync-${process.argv[2]}`);
channel.bind("pusher:subscription_error", (error) => console.error(error));
channel.bind("environment_status", ({ data }) => {
  const parts = Object.entries(data.components).map(([part, state]) => `${part} ${state}`);
  console.log(`${data.progress} % ${data.status}: ${parts.join(", ")}`);
  if (["ready", "failed", "cancelled"].includes(data.status)) pusher.disconnect(); // the last word
});
channel.bind("script_update", ({ data }) => console.log(`script for ${data.script_type}, SHA-256 ${data.checksum}`));
channel.bind("asset_ready", ({ data }) => console.log(`file ${data.asset_name}: ${data.download_url}`));
