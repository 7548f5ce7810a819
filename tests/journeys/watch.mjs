// A page that follows channels: it is told which in lines of JSON, and tells what happens to it in the same way.
import { createInterface } from 'node:readline';
import Pusher from 'pusher-js';

const { key, options } = JSON.parse(process.argv[2]);
const tell = (said) => process.stdout.write(JSON.stringify(said) + '\n');

const pusher = new Pusher(key, options);
pusher.connection.bind('state_change', ({ current }) =>
  tell({ state: current, socket_id: pusher.connection.socket_id }));
pusher.connection.bind('error', (error) => tell({ error }));

createInterface({ input: process.stdin }).on('line', (line) => {
  const { subscribe: name, trigger } = JSON.parse(line);
  if (trigger) return pusher.channel(trigger.channel).trigger(trigger.event, trigger.data);
  const channel = pusher.subscribe(name);
  channel.bind_global((event, data) => tell({ channel: name, event, data }));
});
