// Loaded into a measured program: says at its end on stderr how much processor time it took, in milliseconds.
const fs = require('node:fs');

process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  fs.writeSync(2, `cpu ${((user + system) / 1000).toFixed(1)} ms\n`);
});
