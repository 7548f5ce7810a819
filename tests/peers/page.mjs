// A page with stock pusher-js, in Node and in a browser alike: told what to do in orders, it tells what happens to it.

export function openPage(Pusher, { key, base, user, options }, { batchAuthorizer, stayOn }, tell) {
  const { protocol, hostname, port } = new URL(base);
  const about = { params: { user }, transport: 'ajax' };
  const { batch, ...more } = options;
  const authorization = batch
    ? { customHandler: batchAuthorizer(`${base}/batch?user=${user}`) }
    : { endpoint: `${base}/pusher/auth`, ...about };
  const pusher = new Pusher(key, {
    cluster: 'local',
    wsHost: hostname,
    wsPort: port,
    wssPort: port,
    forceTLS: protocol === 'https:',
    enabledTransports: ['ws'],
    channelAuthorization: authorization,
    userAuthentication: { endpoint: `${base}/pusher/user-auth`, ...about },
    ...more,
  });

  pusher.connection.bind('state_change', ({ previous, current }) =>
    tell({ state: current, from: previous, socket_id: pusher.connection.socket_id }));
  pusher.connection.bind('error', (error) => tell({ error: error.error ?? error }));
  pusher.connection.bind('message', ({ event }) => {
    if (event === 'pusher:pong' || event === 'pusher:signin_success') tell({ [event.slice(7)]: true });
  });
  pusher.user.bind_global((event, data) => tell({ user: event, data }));
  for (const event of ['online', 'offline']) {
    pusher.user.watchlist.bind(event, ({ user_ids }) => tell({ watchlist: event, user_ids }));
  }

  // What a handler is given beside the event: on presence channels who sent it.
  const listen = (subscribed) => {
    const channel = subscribed.name;
    subscribed.bind_global((event, data) => {
      if (!event.startsWith('client-')) tell({ channel, event, data: plain(data) });
    });
    subscribed.bind('client-x', (data, metadata) =>
      tell({ channel, event: 'client-x', data, ...(metadata ?? {}) }));
  };
  const plain = (data) =>
    data && data.members && data.count !== undefined
      ? { members: data.members, count: data.count, me: data.me, my_id: data.myID }
      : data;

  return {
    subscribe: ({ channel, renew }) =>
      renew ? stayOn(pusher, channel, listen) : listen(pusher.subscribe(channel)),
    many: ({ channels }) => channels.forEach((channel) => listen(pusher.subscribe(channel))),
    unsubscribe: ({ channel }) => pusher.unsubscribe(channel),
    trigger: ({ channel, event, data }) => pusher.channel(channel).trigger(event, data),
    signin: () => pusher.signin(),
    members: ({ channel }) => tell({ members: plain(pusher.channel(channel).members) }),
    ping: () => pusher.send_event('pusher:ping', {}),
    intents: () => tell({ state: pusher.connection.state, retries: Boolean(pusher.connection.retryTimer) }),
    disconnect: () => pusher.disconnect(),
  };
}
