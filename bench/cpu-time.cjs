// Preloaded into a measured program: prints its CPU time in milliseconds on stderr at exit.
const fs = require('node:fs');

process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  fs.writeSync(2, `cpu ${((user + system) / 1000).toFixed(1)} ms\n`);
});
