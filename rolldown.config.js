import { defineConfig } from 'rolldown';

/** Left to Node's own loader: koffi brings a native library that a bundle cannot hold. */
const external = ['koffi'];

/** The build makes a new folder beside the old one and exchanges them. */
const dist = process.env.SOCKLENS_DIST ?? 'dist';

/** The view of `top`: an ES module beside the bundle, loaded by `top` alone. */
const SCREEN = { source: 'src/screen/open-screen.ts', built: '../screen/open-screen.mjs' };

/** Leaves it out of the bundle, and has it loaded by the `require` of scripts/start.cjs, which knows modules. */
const screenApart = {
  name: 'screen-apart',
  resolveId: (id) => (SCREEN.source.endsWith(id.replace('..', '')) ? { id: SCREEN.built, external: true } : null),
  renderChunk(code) {
    if (!code.includes(SCREEN.built)) return null;
    const asked = /\bimport\((["'`])([./\w-]+\.mjs)\1\)/g;
    if (!asked.test(code)) throw new Error(`${SCREEN.built}: asked for in a way that is not known`);
    return code.replace(asked, 'require($1$2$1)');
  },
};

/** What nearly every verb needs: in one file, for each file that is opened costs a one-shot command a part of a millisecond. */
const CORE =
  /src[\\/](base|model|wire|kernel|procfs|names|runtimes)[\\/]|src[\\/]collect[\\/][^\\/]+\.ts$|src[\\/]cli[\\/](main|context|output|exit-status|confirm|stop-signal|screen)\.ts$|src[\\/]flows[\\/](local|error-line)\.ts$|rolldown.runtime/;
/** Of those rooms, what only verbs that run for long need. */
const NOT_CORE =
  /(display-width|word-wrap|ended|event|recording|column|kept-|open-file-cache|config-|issue-text|connection-memory|watched|lab|outcome|finding|limits|related|socket-tables)/;

const labPrograms = ['database', 'webhook', 'balancer', 'load'];

export default defineConfig([
  {
    // The command line as CommonJS: Node's own modules load several times faster that way.
    input: { main: 'src/cli/main.ts' },
    platform: 'node',
    external,
    plugins: [screenApart],
    output: {
      dir: `${dist}/cli/bundle`,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
      codeSplitting: {
        groups: [{ debugName: 'core', name: (id) => (CORE.test(id) && !NOT_CORE.test(id) ? 'core' : null) }],
      },
      minify: true,
    },
  },
  {
    // As a module, for what it is made of waits at its top level; loaded by `top` alone.
    input: { 'open-screen': SCREEN.source },
    platform: 'node',
    // Only asked for by who works on ink.
    external: ['react-devtools-core'],
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    output: {
      dir: `${dist}/cli/screen`,
      format: 'esm',
      entryFileNames: '[name].mjs',
      chunkFileNames: '[name]-[hash].mjs',
      minify: true,
    },
  },
  {
    // The programs that `socklens lab` starts, each in a namespace of its own.
    input: Object.fromEntries(labPrograms.map((program) => [program, `src/lab/programs/${program}-main.ts`])),
    platform: 'node',
    output: {
      dir: `${dist}/lab`,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
    },
  },
  {
    input: { index: 'src/index.ts' },
    platform: 'node',
    external,
    output: { dir: `${dist}/lib`, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  },
]);
