// Preloaded into a measured program: prints its peak memory in KiB on stderr at exit.
// VmHWM instead of getrusage(2), whose ru_maxrss includes the process that this one was forked from.
const fs = require('node:fs');

process.on('exit', () => {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))?.[1];
  fs.writeSync(2, `peak ${peak} KiB\n`);
});
