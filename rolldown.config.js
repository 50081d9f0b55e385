import { defineConfig } from 'rolldown';
import manifest from './package.json' with { type: 'json' };
import { thirdPartyNotices } from './scripts/third-party.js';

/** Loaded by Node at run time: koffi, which has a native library. Everything else that is imported is bundled. */
const external = Object.keys(manifest.dependencies);

/** The build makes a new folder beside the old one and exchanges them. */
const dist = process.env.SOCKLENS_DIST ?? 'dist';

/** What nearly every verb needs: in one file, for each file that is opened costs a one-shot command a part of a millisecond. */
const CORE =
  /src[\\/](base|model|netlink|kernel|procfs|names|runtimes|collect)[\\/]|src[\\/]cli[\\/](main|context|output|confirm|stop-signal)\.ts$|src[\\/]commands[\\/](exit-status|error-line)\.ts$|src[\\/]render[\\/]byte-writer\.ts$|rolldown.runtime/;
/** Of those modules, what only verbs that run for long need. */
const NOT_CORE =
  /(display-width|word-wrap|closed|event|recorded|column|stored-|open-file-cache|config|issue-text|connection-memory|netns-owners|lab|outcome|finding|limits|related|socket-tables|report[\\/]|sample[\\/]|cached-process)/;

/** What `ps` and `ls` share beyond that, for the same reason in one file. */
const ANSWERS =
  /src[\\/]count[\\/](?!peer-summaries|fullest)|src[\\/]queries[\\/](list-sockets|count-groups|container-names|owner-gaps|socket-test)|src[\\/]sources[\\/](open-snapshot|live[\\/](live-|autobound))|src[\\/]render[\\/](json|table)\.ts$|display-width/;

const notices = thirdPartyNotices(`${dist}/THIRD-PARTY.md`);

const labPrograms = ['database', 'webhook', 'balancer', 'load'];

export default defineConfig([
  {
    // The command line as CommonJS: Node's own modules load several times faster that way.
    input: { main: 'src/cli/main.ts' },
    platform: 'node',
    external,
    plugins: [notices],
    output: {
      dir: `${dist}/cli/bundle`,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
      codeSplitting: {
        groups: [
          { debugName: 'core', priority: 2, name: (id) => (CORE.test(id) && !NOT_CORE.test(id) ? 'core' : null) },
          { debugName: 'answers', priority: 1, name: (id) => (ANSWERS.test(id) ? 'answers' : null) },
        ],
      },
      minify: true,
    },
  },
  {
    // The programs that `socklens lab` starts, each in a namespace of its own.
    input: Object.fromEntries(labPrograms.map((program) => [program, `src/lab/programs/${program}-main.ts`])),
    platform: 'node',
    plugins: [notices],
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
    plugins: [notices],
    output: { dir: `${dist}/lib`, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  },
]);
