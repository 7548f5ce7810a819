// The page in Node: orders come as lines of JSON, and what it tells leaves in the same way.
import { createInterface } from 'node:readline';
import Pusher from 'pusher-js';
import { batchAuthorizer } from '../../examples/batch-authorizer.mjs';
import { stayOn } from '../../examples/renew.mjs';
import { openPage } from './page.mjs';

const tell = (said) => process.stdout.write(JSON.stringify(said) + '\n');
const orders = openPage(Pusher, JSON.parse(process.argv[2]), { batchAuthorizer, stayOn }, tell);
createInterface({ input: process.stdin }).on('line', (line) => {
  const { order, ...more } = JSON.parse(line);
  orders[order](more);
});
