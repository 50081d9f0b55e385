// node scripts/warm.cjs DIST ARGUMENTS…: runs the command line of DIST and writes V8's code cache of what
// was compiled beside the bundle. Each run starts from the cache of earlier runs and adds to it.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const [dist, ...args] = process.argv.slice(2);
const main = path.resolve(dist, 'cli/main.cjs');
const scripts = new Map();
process.argv = [process.execPath, main, ...args];
process.on('exit', () => {
  for (const [file, script] of scripts) fs.writeFileSync(`${file}.cache`, script.createCachedData());
});
require(main).start((file, script) => scripts.set(file, script));
