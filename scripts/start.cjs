// Installed as dist/cli/main.cjs: checks the version of Node, then starts the bundle beside it from V8's
// code cache, which saves compiling about 150 KB. The build makes the cache; nothing is written at run time.
// V8 rejects a cache of another version of Node, and compiles. Node's own compile cache is nearly as fast,
// but is stored for each user and written at run time.
'use strict';

const problem = whyNot();
if (problem === undefined) {
  if (require.main === module) start();
  else module.exports = { start };
} else {
  process.stderr.write(`socklens: ${problem}\n`);
  process.exitCode = 5;
}

/** @returns the reason why socklens cannot run here; undefined when it can */
function whyNot() {
  if (process.platform !== 'linux') return `Linux is required; this system is ${process.platform}`;
  const version = process.versions.node.split('.').map(Number);
  if (version[0] > 22 || (version[0] === 22 && version[1] >= 13)) return undefined;
  return `Node 22.13 or later is required; ${process.execPath} is ${process.versions.node}`;
}

/**
 * Runs the bundle.
 *
 * @param onScript called with each file's path and vm.Script; the build makes the cache of them
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
    if (id.startsWith('./')) return load(id.slice(2));
    return id === 'node:sqlite' ? quietly(id) : require(id);
  }

  // Node 22 says at its first use, on standard error, that it is experimental: users can do nothing about that.
  function quietly(id) {
    const { emitWarning } = process;
    process.emitWarning = () => undefined;
    try {
      return require(id);
    } finally {
      process.emitWarning = emitWarning;
    }
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
