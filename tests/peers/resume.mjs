// Pages that count: each notes the numbers it is told on one channel, in the order in which they come.
import { createInterface } from 'node:readline';
import Pusher from 'pusher-js';

const { key, channel, pages, options } = JSON.parse(process.argv[2]);
const tell = (said) => process.stdout.write(JSON.stringify(said) + '\n');

const noted = pages.map(({ port, name }, page) => {
  const note = { page, seen: new Set(), highest: 0, doubles: 0, late: 0, gaps: 0, last: 0, told: false };
  const pusher = new Pusher(key, { ...options, wsHost: '127.0.0.1', wsPort: port, wsPath: `/s/${name}` });
  const joined = pusher.subscribe(channel);
  joined.bind('pusher:subscription_succeeded', () => tell({ subscribed: page }));
  joined.bind('pusher:resume_gap', () => { note.gaps += 1; });
  joined.bind('n', ({ n }) => {
    if (note.seen.has(n)) {
      note.doubles += 1;
    } else if (n < note.highest) {
      note.late += 1;
    }
    note.seen.add(n);
    note.highest = Math.max(note.highest, n);
    if (n === note.last) {
      tell({ reached: page });
    }
  });
  return note;
});

createInterface({ input: process.stdin }).on('line', (line) => {
  const { last, report } = JSON.parse(line);
  if (last) {
    noted.forEach((note) => {
      note.last = last;
      if (note.seen.has(last)) {
        tell({ reached: note.page });
      }
    });
  }
  if (report) {
    tell({ report: noted.map(({ seen, ...rest }) => ({ ...rest, first: Math.min(...seen), count: seen.size })) });
  }
});
