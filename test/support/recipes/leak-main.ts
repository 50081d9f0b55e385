/**
 * Opens pipes at a steady rate and never closes them, until it is killed or has the maximum.
 *
 * Arguments: pipes a second, maximum of pipes. Prints `ready` when it starts.
 */
import koffi from 'koffi';

const [rate = 10, most = 500] = process.argv.slice(2).map(Number);
/** Exits after this time when the test has not killed it. */
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
