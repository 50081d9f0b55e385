/**
 * Enters a namespace and returns, in a separate process, and prints the result as JSON.
 * Arguments: `enter` or `stranded`, and the file of a namespace.
 *
 * With `stranded` the return fails: the process must exit at once.
 */
import fs from 'node:fs';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { insideNetns } from '../../src/kernel/namespace.ts';
import { SystemCallError, type SystemCalls } from '../../src/kernel/system-calls.ts';

const [, , what, file = ''] = process.argv;
const real = koffiSystemCalls();
let setnsCalls = 0;
const calls: SystemCalls =
  what === 'stranded'
    ? {
        ...real,
        setns: (fd, nstype) => {
          if (++setnsCalls > 1) throw new SystemCallError('setns', 1, 'EPERM');
          real.setns(fd, nstype);
        },
      }
    : real;

const fd = fs.openSync(file, 'r');
try {
  const inside = insideNetns(calls, fd, () => fs.readlinkSync('/proc/thread-self/ns/net'));
  process.stdout.write(JSON.stringify({ inside }));
} catch (error) {
  const { name, code, errno, syscall, message } = error as SystemCallError;
  process.stdout.write(JSON.stringify({ name, code, errno, syscall, message }));
}
