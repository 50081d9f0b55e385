import { defineConfig } from 'rolldown';
import { pageFiles } from './scripts/page-files.js';
import { thirdPartyNotices } from './scripts/third-party.js';

/** The build makes a new folder beside the old one and exchanges them. */
const dist = process.env.SOCKLENS_DIST ?? 'dist';

/** What nearly every verb needs: in one file, for each file that is opened costs a one-shot command a part of a millisecond. */
const CORE =
  /src[\\/](base|model|netlink|kernel|procfs|names|runtimes|collect)[\\/]|src[\\/]cli[\\/](main|context|prepare-arguments|output|confirm|stop-signal)\.ts$|src[\\/]commands[\\/](exit-status|error-line)\.ts$|src[\\/]render[\\/]byte-writer\.ts$|rolldown.runtime/;
/** Of those modules, what only verbs that run for long need. */
const NOT_CORE =
  /(display-width|word-wrap|closed|event|recorded|column|stored-|open-file-cache|config|issue-text|connection-memory|netns-owners|lab|outcome|finding|limits|related|socket-tables|report[\\/]|private-network|sample[\\/]|cached-process|runtimes[\\/]containerd[\\/](?!cri-source|cri-endpoints|containerd-runtime|container-facts|specification))/;

/** What `ps` and `ls` share beyond that, for the same reason in one file. */
const ANSWERS =
  /src[\\/]count[\\/](?!peer-summaries|fullest)|src[\\/]queries[\\/](list-sockets|count-groups|container-names|owner-gaps|socket-test)|src[\\/]sources[\\/](open-snapshot|live[\\/](live-|autobound|counted-host|held-tcp))|src[\\/]render[\\/](json|table)\.ts$|display-width|src[\\/]filter[\\/](tokens|token-cursor|write-tree|parse)\.ts$|src[\\/]commands[\\/](notes|read-filter|operands)\.ts$|target-notes|render[\\/]attention/;

/** The command tree: what every verb but `netstat` needs, and the declarations of all of them. */
const VERBS =
  /node_modules[\\/]@stricli[\\/]|src[\\/]cli[\\/](app|argument-error|overview-help|version-text|verbs)\.ts$|src[\\/]commands[\\/]([^\\/]+[\\/]command|command|command-help|option|options|proposals|recorded-options)\.ts$|socklens[^\\/]*[\\/]package\.json$|src[\\/]model[\\/]report[\\/](group|socket-order|overview-order)\.ts$/;

const notices = thirdPartyNotices(dist);

const labPrograms = ['database', 'webhook', 'balancer', 'load'];

export default defineConfig([
  {
    // The command line as CommonJS: Node's own modules load several times faster that way.
    input: { main: 'src/cli/main.ts' },
    platform: 'node',
    plugins: [notices],
    output: {
      dir: `${dist}/cli/bundle`,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
      codeSplitting: {
        groups: [
          { debugName: 'core', priority: 2, name: (id) => (CORE.test(id) && !NOT_CORE.test(id) ? 'core' : null) },
          // A group also gets what its modules need and no group before it has.
          { debugName: 'answers', priority: 1, name: (id) => (ANSWERS.test(id) ? 'answers' : null) },
          { debugName: 'verbs', priority: 0, name: (id) => (VERBS.test(id) ? 'verbs' : null) },
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
    plugins: [notices],
    output: { dir: `${dist}/lib`, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  },
  {
    // The page of `serve`, for the browser.
    input: { page: 'src/page/main.tsx' },
    platform: 'browser',
    plugins: [notices, pageFiles()],
    transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    output: {
      dir: `${dist}/page`,
      format: 'esm',
      entryFileNames: '[name]-[hash].js',
      chunkFileNames: '[name]-[hash].js',
      assetFileNames: '[name]-[hash][extname]',
      minify: true,
    },
  },
]);
