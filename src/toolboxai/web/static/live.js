// A live connection with stock pusher-js, authorised as whoever is signed in.

const left = new WeakSet();

/**
 * Connect; the caller subscribes, and leaves.
 * @param refused called with the fault of a subscription
 */
export function connect(service, config, refused = () => {}) {
  // Each time with the newest token.
  const customHandler = async ({ socketId, channelName }, answer) => {
    let signed;
    try {
      const asked = { socket_id: socketId, channel_name: channelName };
      signed = await service.call("POST", config.auth_endpoint, asked);
    } catch (fault) {
      answer(fault, null);
      refused(fault);
      return;
    }
    if (!left.has(pusher)) answer(null, signed);
  };
  const pusher = new Pusher(config.key, { ...address(config), channelAuthorization: { customHandler } });
  return pusher;
}

/** Disconnect. pusher-js sends a turn later than it is told, so it closes one later, too. */
export function leave(pusher) {
  left.add(pusher);
  for (const channel of pusher.allChannels()) channel.unbind_all();
  setTimeout(() => pusher.disconnect());
}

// "ws" alone, encrypted or not: with "wss" pusher-js would try TLS on a port that speaks none.
function address(config) {
  const scheme = config.scheme ?? location.protocol.slice(0, -1);
  const port = config.port ?? (config.host === null ? Number(location.port) : 0);
  const tls = scheme === "https";
  const options = { cluster: config.cluster, forceTLS: tls, enabledTransports: ["ws"], enableStats: false };
  if (config.host !== null || config.scheme === null) {
    options.wsHost = config.host ?? location.hostname;
    options.wsPort = port || 80;
    options.wssPort = port || 443;
  }
  return options;
}
