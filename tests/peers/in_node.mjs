// The page in Node: orders come as lines of JSON, and what it tells leaves in the same way.
import { createInterface } from 'node:readline';
import Pusher from 'pusher-js';
import { batchAuthorizer } from '../../examples/batch-authorizer.mjs';
import { openPage } from './page.mjs';

const settings = JSON.parse(process.argv[2]);
if (settings.options.batch) settings.options.batch = batchAuthorizer;
const orders = openPage(Pusher, settings, (said) => process.stdout.write(JSON.stringify(said) + '\n'));
createInterface({ input: process.stdin }).on('line', (line) => {
  const { order, ...more } = JSON.parse(line);
  orders[order](more);
});
