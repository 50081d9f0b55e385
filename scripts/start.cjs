// Becomes dist/cli/main.cjs: checks Node, then starts the bundle beside it from V8's code cache,
// which saves the compiling of some 150 KB. The build made the cache; nothing is written here. Where
// it does not fit (another Node), V8 says so and compiles. Node's own compile cache would do nearly
// as well, but it is kept for each user and written at run time.
'use strict';

const problem = whyNot();
if (problem === undefined) {
  if (require.main === module) start();
  else module.exports = { start };
} else {
  process.stderr.write(`socklens: ${problem}\n`);
  process.exitCode = 5;
}

/** Why socklens cannot run on this; undefined when it can. */
function whyNot() {
  if (process.platform !== 'linux') return `works on Linux only, this is ${process.platform}`;
  const version = process.versions.node.split('.').map(Number);
  if (version[0] > 22 || (version[0] === 22 && version[1] >= 13)) return undefined;
  return `needs Node 22.13 or later, ${process.execPath} is ${process.versions.node}`;
}

/**
 * Runs the bundle.
 *
 * @param onScript gets each file's path and vm.Script, for the build to make the cache from
 */
function start(onScript) {
  const fs = require('node:fs');
  const { Script } = require('node:vm');
  const folder = `${__dirname}/bundle`;
  const loaded = new Map();

  function load(name) {
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(name, module);
    const filename = `${folder}/${name}`;
    const source = `(function(require,module,exports,__filename,__dirname){${fs.readFileSync(filename, 'utf8')}\n})`;
    const script = new Script(source, { filename, cachedData: cacheOf(filename) });
    if (onScript !== undefined) onScript(filename, script);
    script.runInThisContext()(requireFrom, module, module.exports, filename, folder);
    return module.exports;
  }

  function requireFrom(id) {
    return id.startsWith('./') ? load(id.slice(2)) : require(id);
  }

  function cacheOf(filename) {
    try {
      return fs.readFileSync(`${filename}.cache`);
    } catch {
      return undefined;
    }
  }

  load('main.cjs');
}
