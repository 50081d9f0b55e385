/**
 * The import rules of docs/architecture.md: which module of src/ may import which, no cycles, and
 * which modules know the process. `npm run imports` checks them.
 */

/** A module (a folder of src/) to the modules that it may import, beside itself. */
const MODULES = {
  base: [],
  model: ['base'],
  packaged: ['model'],
  netlink: ['base', 'model'],
  bpf: ['base', 'netlink', 'model'],
  recording: ['base', 'model'],
  protobuf: [],
  procfs: ['base', 'model'],
  runtimes: ['base', 'protobuf', 'model'],
  names: ['base', 'model'],
  lab: ['base', 'model'],
  kernel: ['base', 'netlink', 'bpf', 'packaged', 'model'],
  filter: ['base', 'netlink', 'model'],
  count: ['base', 'model'],
  platform: ['base', 'model'],
  stacks: ['base', 'model'],
  doctor: ['base', 'count', 'platform', 'stacks', 'model'],
  guard: ['base', 'count', 'filter', 'doctor', 'model'],
  collect: ['base', 'kernel', 'procfs', 'runtimes', 'names', 'netlink', 'bpf', 'filter', 'stacks', 'model'],
  sources: [
    ...['base', 'kernel', 'procfs', 'runtimes', 'names', 'netlink', 'bpf', 'filter', 'count', 'recording'],
    ...['collect', 'model'],
  ],
  act: ['base', 'kernel', 'netlink', 'collect', 'packaged', 'model'],
  queries: ['base', 'sources', 'count', 'filter', 'platform', 'doctor', 'guard', 'model'],
  render: ['base', 'model'],
  history: ['base', 'model'],
  serve: [
    ...['base', 'queries', 'sources', 'collect', 'act', 'count', 'filter', 'platform', 'doctor', 'history'],
    ...['protobuf', 'render', 'packaged', 'model'],
  ],
  mcp: ['base', 'serve', 'model'],
  commands: [
    ...['base', 'queries', 'sources', 'collect', 'act', 'count', 'filter', 'platform', 'doctor', 'guard', 'serve'],
    ...['history', 'render', 'packaged', 'mcp', 'model'],
  ],
  page: ['base', 'count', 'filter', 'guard', 'queries', 'sources', 'render', 'serve', 'model'],
  cli: ['base', 'commands', 'render', 'collect', 'lab', 'packaged', 'mcp', 'model'],
};

/** Modules that are compiled without Node's types; they may not load Node's modules or a package that reaches the machine. */
const PURE = [
  ...['base', 'model', 'netlink', 'bpf', 'filter', 'count', 'platform', 'doctor', 'guard', 'recording'],
  ...['protobuf', 'queries', 'render', 'commands/top/view', 'page'],
];

/** What queries may know of sources: the ports, what is made of their ticks, and whose a socket of a snapshot is. */
const SOURCE_PORTS = '^src/sources/(snapshot|sample-source|scope/snapshot-attribution)[.]ts$|^src/sources/series/';

/** Packages that the build puts into dist/, each with the modules that may import it. They are devDependencies. */
const BUNDLED = {
  '@bufbuild/protobuf': '^src/protobuf/',
  '@stricli/core': '^src/(cli|commands)/',
  '@hono/node-server': '^src/serve/http/',
  hono: '^src/serve/http/',
  snappyjs: '^src/serve/push/',
  '@modelcontextprotocol/server': '^src/mcp/',
  'get-east-asian-width': '^src/base/',
  'smol-toml': '^src/collect/',
  valibot: '^src/(collect|recording)/',
  preact: '^src/page/',
  '@preact/signals': '^src/page/',
  uplot: '^src/page/',
  // Without its native libraries, which are optional dependencies: it loads that of the machine at run time.
  koffi: '^src/kernel/',
};

const pathOf = (names) => `^(node_modules/)?(${names.join('|')})(/|$)`;
const NPM = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];

const modules = Object.entries(MODULES).map(([name, allowed]) => ({
  name: `${name} imports ${allowed.length > 0 ? `only ${allowed.join(', ')}` : 'no other module'}`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: `^src/(${[name, ...allowed].join('|')})/` },
}));

const packages = Object.entries(BUNDLED).map(([name, importer]) => ({
  name: `only ${importer} imports ${name}`,
  severity: 'error',
  from: { pathNot: importer },
  to: { path: pathOf([name]) },
}));

module.exports = {
  forbidden: [
    ...modules,
    ...packages,
    {
      name: 'a new module needs its line in the table',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${Object.keys(MODULES).join('|')})/` },
      to: {},
    },
    {
      name: 'pure modules do not reach the machine',
      severity: 'error',
      from: { path: `^src/(${PURE.join('|')})/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only cli and act know the process',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|act)/' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(process|readline|tty|repl|cluster|child_process)$' },
    },
    {
      name: 'queries know only the ports of sources',
      severity: 'error',
      from: { path: '^src/queries/' },
      to: { path: '^src/sources/', pathNot: SOURCE_PORTS },
    },
    {
      name: 'no command imports another',
      severity: 'error',
      from: { path: '^src/commands/([^/]+)/' },
      to: { path: '^src/commands/[^/]+/', pathNot: '^src/commands/$1/' },
    },
    {
      name: 'what commands share knows no command',
      severity: 'error',
      from: { path: '^src/commands/[^/]+[.]ts$' },
      to: { path: '^src/commands/[^/]+/' },
    },
    {
      name: 'the page knows only the types of what serve answers, and how a recording answers the same',
      severity: 'error',
      from: { path: '^src/page/' },
      to: { path: '^src/serve/', pathNot: '^src/serve/(protocol[.]ts$|protocol/|recorded/)' },
    },
    {
      name: 'nothing imports the page, which runs in the browser',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/page/' },
      to: { path: '^src/page/' },
    },
    {
      name: 'nothing imports the public interface of the library',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/index' },
    },
    {
      name: 'no cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'everything that is imported exists',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'a new package needs its line in BUNDLED',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: NPM, pathNot: pathOf(Object.keys(BUNDLED)) },
    },
    {
      name: 'a bundled package is a devDependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: pathOf(Object.keys(BUNDLED)), dependencyTypesNot: ['npm-dev'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
