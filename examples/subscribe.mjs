// Listen to the public channel "news" with the stock browser and Node library: npm install pusher-js
import Pusher from "pusher-js";

const pusher = new Pusher(process.env.PUSHER_KEY, {
  cluster: "local", // pusher-js demands one; a server of your own ignores it
  wsHost: "127.0.0.1",
  wsPort: 8009,
  forceTLS: false,
  enabledTransports: ["ws"],
});

const channel = pusher.subscribe("news");
channel.bind("pusher:subscription_succeeded", () => console.log("listening"));
channel.bind("headline", (data) => console.log(data.title));
