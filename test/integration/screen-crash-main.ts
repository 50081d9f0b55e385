/** Puts the terminal into full-screen mode, and ends without closing it. Argument: `throw`, or `exit`. */
import { terminalScreen } from '../../src/cli/screen.ts';

const screen = terminalScreen((event) => {
  // Any key ends it.
  if (event.kind !== 'key') return;
  if (process.argv[2] === 'throw') throw new Error('nobody catches this');
  process.exit(3);
});
screen.show([[{ text: 'the screen is open' }]]);
