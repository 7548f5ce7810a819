// The stock Node server library: each line asks for one call of it; the answer is told as a line.
import { createInterface } from 'node:readline';
import Pusher from 'pusher';

const pusher = new Pusher(JSON.parse(process.argv[2]));
const tell = (said) => process.stdout.write(JSON.stringify(said) + '\n');

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { call, params } = JSON.parse(line);
  try {
    const response = await pusher[call](...params);
    tell({ status: response.status, body: await response.text() });
  } catch (error) {
    tell({ status: error.status ?? null, body: error.body ?? String(error) });
  }
});
