// Loaded into a measured program: says at its end on stderr how much memory it had at most, in KiB.
// VmHWM and not getrusage(2), which also counts the process that this one was forked from.
const fs = require('node:fs');

process.on('exit', () => {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))?.[1];
  fs.writeSync(2, `peak ${peak} KiB\n`);
});
