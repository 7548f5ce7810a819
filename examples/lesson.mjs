// Watch a generation on its private channel: node lesson.mjs SESSION_ID, with an access token in TOOLBOXAI_TOKEN
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

const channel = pusher.subscribe(`private-content-generation-${process.argv[2]}`);
channel.bind("pusher:subscription_error", (error) => console.error(error));
channel.bind("progress_update", ({ data }) => console.log(`${data.progress_percent} % ${data.stage}: ${data.message}`));
channel.bind("generation_complete", ({ data }) => {
  console.log(`done: ${data.download_url}`);
  pusher.disconnect();
});
