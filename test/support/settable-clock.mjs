/**
 * Preloaded by Node (`--import`): a clock that a test sets. The file that SOCKLENS_TEST_CLOCK names holds by how many
 * milliseconds it is off. Clocks that nobody can set, and timers, go on as they are, as when the machine's clock is set.
 */
import fs from 'node:fs';

const RealDate = Date;
const realNow = Date.now;
const file = process.env.SOCKLENS_TEST_CLOCK ?? '';
let offMs = 0;

function read() {
  try {
    offMs = Number(fs.readFileSync(file, 'utf8'));
  } catch {
    offMs = 0;
  }
}
read();
setInterval(read, 20).unref();

globalThis.Date = class SettableDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(realNow() + offMs);
    else super(...args);
  }

  static now() {
    return realNow() + offMs;
  }
};
