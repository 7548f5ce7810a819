// Stock pusher-js, told what to do in lines of JSON; what happens to it is told in the same way.
import { createHmac } from 'node:crypto';
import { createInterface } from 'node:readline';
import Pusher from 'pusher-js';

const { key, secret, options } = JSON.parse(process.argv[2]);
const tell = (said) => process.stdout.write(JSON.stringify(said) + '\n');
const sign = (text) => createHmac('sha256', secret).update(text).digest('hex');

const pusher = new Pusher(key, {
  cluster: 'local',
  wsHost: '127.0.0.1',
  forceTLS: false,
  enabledTransports: ['ws'],
  channelAuthorization: {
    customHandler: ({ socketId, channelName }, callback) =>
      callback(null, { auth: `${key}:${sign(`${socketId}:${channelName}`)}` }),
  },
  ...options,
});

pusher.connection.bind('state_change', ({ previous, current }) =>
  tell({ state: current, from: previous, socket_id: pusher.connection.socket_id }));
pusher.connection.bind('error', (error) => tell({ error }));
pusher.connection.bind('message', ({ event }) => event === 'pusher:pong' && tell({ pong: true }));

const orders = {
  subscribe: ({ channel }) =>
    pusher.subscribe(channel).bind_global((event, data) => tell({ channel, event, data })),
  unsubscribe: ({ channel }) => pusher.unsubscribe(channel),
  trigger: ({ channel, event, data }) => pusher.channel(channel).trigger(event, data),
  ping: () => pusher.send_event('pusher:ping', {}),
  intents: () => tell({ state: pusher.connection.state, retries: Boolean(pusher.connection.retryTimer) }),
  disconnect: () => pusher.disconnect(),
};
createInterface({ input: process.stdin }).on('line', (line) => {
  const { order, ...more } = JSON.parse(line);
  orders[order](more);
});
