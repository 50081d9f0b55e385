/** Puts the terminal into full-screen mode, and exits without closing it. Argument: `throw`, or `exit`. */
import { terminalScreen } from '../../src/cli/screen.ts';

const screen = terminalScreen((event) => {
  // Exits at any key.
  if (event.kind !== 'key') return;
  if (process.argv[2] === 'throw') throw new Error('nobody catches this');
  process.exit(3);
});
screen.show([[{ text: 'the screen is open' }]]);
