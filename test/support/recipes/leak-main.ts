/**
 * Opens pipes at a steady rate and keeps them, until it is stopped or has so many.
 *
 * Arguments: pipes a second, pipes at most. Says `ready` when it begins.
 */
import koffi from 'koffi';

const [rate = 10, most = 500] = process.argv.slice(2).map(Number);
/** One that leaks for ever would be a fault of its own. */
const END_MS = 120_000;

const pipe = koffi.load(null).func('int pipe(_Out_ int *)');
const ends = [0, 0];
let made = 0;
const begin = performance.now();
process.stdout.write('ready\n');
setInterval(() => {
  const wanted = Math.min(most, Math.floor(((performance.now() - begin) / 1000) * rate));
  for (; made < wanted; made++) if (pipe(ends) !== 0) throw new Error(`pipe: errno ${koffi.errno()}`);
}, 10);
setTimeout(() => process.exit(0), END_MS);
