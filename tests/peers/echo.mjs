// Laravel Echo over stock pusher-js, told what to do in lines of JSON; what it hears is told in the same way.
import { createInterface } from 'node:readline';
import Echo from 'laravel-echo';
import Pusher from 'pusher-js';

const { key, port, user, broadcaster } = JSON.parse(process.argv[2]);
const tell = (said) => process.stdout.write(JSON.stringify(said) + '\n');
const base = `http://127.0.0.1:${port}`;
const echo = new Echo({
  broadcaster,
  Pusher,
  key,
  cluster: 'local',
  wsHost: '127.0.0.1',
  wsPort: port,
  forceTLS: false,
  enabledTransports: ['ws'],
  channelAuthorization: { endpoint: `${base}/broadcasting/auth`, transport: 'ajax', params: { user } },
});
echo.connector.pusher.connection.bind('connected', () => tell({ connected: echo.socketId() }));

const channels = {};
const heard = (name, event) => (data) => tell({ channel: name, event, data });
const orders = {
  open: ({ kind, name, events }) => {
    const channel = (channels[name] = echo[kind](name));
    channel.subscribed(() => tell({ channel: name, subscribed: true }));
    channel.error((error) => tell({ channel: name, error }));
    for (const event of events ?? []) channel.listen(event, heard(name, event));
    if (kind === 'join') {
      channel.here((members) => tell({ channel: name, here: members }));
      channel.joining((member) => tell({ channel: name, joining: member }));
      channel.leaving((member) => tell({ channel: name, leaving: member }));
    }
    if (kind !== 'channel') channel.listenForWhisper('typing', heard(name, 'whisper'));
    channel.notification?.(heard(name, 'notification'));
  },
  whisper: ({ name, data }) => channels[name].whisper('typing', data),
  stop: ({ name, event }) => channels[name].stopListening(event),
  all: ({ name }) => channels[name].listenToAll((event, data) => tell({ channel: name, all: event, data })),
  leave: ({ name }) => echo.leave(name),
  ping: () => echo.connector.pusher.send_event('pusher:ping', {}),
};
echo.connector.pusher.connection.bind('message', ({ event }) => event === 'pusher:pong' && tell({ pong: true }));
createInterface({ input: process.stdin }).on('line', (line) => {
  const { order, ...more } = JSON.parse(line);
  orders[order](more);
});
