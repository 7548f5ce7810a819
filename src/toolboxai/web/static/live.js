// A live connection with stock pusher-js, authorised as whoever is signed in.

/**
 * Connect; the caller subscribes, and disconnects.
 * @param service signs subscriptions
 * @param config the answer of /api/v1/realtime/config
 * @param refused called with the fault of a subscription that was not signed
 */
export function connect(service, config, refused = () => {}) {
  // pusher-js would send the token that it was made with; this asks as everything else does, with the newest.
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
    answer(null, signed);
  };
  return new Pusher(config.key, { ...address(config), channelAuthorization: { customHandler } });
}

// "ws" alone, also where it is encrypted: with "wss" named too, pusher-js would try TLS on a port that speaks none.
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
