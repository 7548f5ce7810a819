// The stock Node server library: each line asks for one call of it; the answer is told as a line.
import { createInterface } from 'node:readline';
import Pusher from 'pusher';

const pusher = new Pusher(JSON.parse(process.argv[2]));
const tell = (said) => process.stdout.write(JSON.stringify(said) + '\n');
const written = (answer) => {
  if (answer?.isValid) return { valid: answer.isValid(), events: answer.getEvents(), time: answer.getTime().getTime() };
  return answer;
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { call, params } = JSON.parse(line);
  try {
    const answer = await pusher[call](...params);
    if (answer?.text) tell({ status: answer.status, body: await answer.text() });
    else tell({ status: null, body: JSON.stringify(written(answer)) });
  } catch (error) {
    tell({ status: error.status ?? null, body: error.body ?? String(error) });
  }
});
