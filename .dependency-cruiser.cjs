/**
 * The walls of the house, docs/architecture.md: which room of src/ may import which, no cycles, and
 * one room alone that knows the process. `npm run walls` checks them.
 */

/** Room to the rooms that it may import, beside itself. */
const ROOMS = {
  base: [],
  model: ['base'],
  wire: ['base', 'model'],
  recording: ['base', 'model'],
  procfs: ['base', 'model'],
  runtimes: ['base', 'model'],
  names: ['base', 'model'],
  kernel: ['base', 'wire', 'model'],
  filter: ['base', 'model', 'wire'],
  count: ['base', 'model'],
  analyze: ['base', 'model', 'filter', 'count'],
  collect: ['base', 'kernel', 'procfs', 'runtimes', 'names', 'wire', 'filter', 'recording', 'count', 'model'],
  act: ['base', 'kernel', 'wire', 'filter', 'collect', 'model'],
  present: ['base', 'model', 'analyze', 'count'],
  lab: ['base', 'model'],
  sources: ['base', 'collect', 'analyze', 'count', 'filter', 'model'],
  queries: ['base', 'sources', 'analyze', 'count', 'filter', 'model'],
  flows: ['base', 'queries', 'sources', 'collect', 'act', 'analyze', 'count', 'filter', 'present', 'model'],
  screen: ['base', 'present'],
  cli: ['base', 'flows', 'screen', 'present', 'model'],
};

/** Compiled without Node's types; they may not load Node's modules or a package that reaches the machine. */
const PURE = ['base', 'model', 'wire', 'filter', 'count', 'analyze', 'recording', 'present', 'queries'];

/** Packages that the build puts into dist/, each with the one module that may import it. They are devDependencies. */
const BUNDLED = {
  '@stricli/core': '^src/cli/',
  'get-east-asian-width': '^src/base/',
  'smol-toml': '^src/collect/',
  valibot: '^src/(collect|recording)/',
};

/** Packages that Node loads from node_modules at run time. They are dependencies; rolldown.config.js takes them from there. */
const UNBUNDLED = { koffi: '^src/kernel/' };

const PACKAGES = { ...BUNDLED, ...UNBUNDLED };

const pathOf = (names) => `^(node_modules/)?(${names.join('|')})(/|$)`;
const NPM = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];

const rooms = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `${room} imports ${allowed.length > 0 ? `only ${allowed.join(', ')}` : 'no other room'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

const packages = Object.entries(PACKAGES).map(([name, room]) => ({
  name: `only ${room} imports ${name}`,
  severity: 'error',
  from: { pathNot: room },
  to: { path: pathOf([name]) },
}));

module.exports = {
  forbidden: [
    ...rooms,
    ...packages,
    {
      name: 'a new room needs its line in the table',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${Object.keys(ROOMS).join('|')})/` },
      to: {},
    },
    {
      name: 'pure rooms reach no machine',
      severity: 'error',
      from: { path: `^src/(${PURE.join('|')})/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only cli knows the process',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli|act)/' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(process|readline|tty|repl|cluster|child_process)$' },
    },
    {
      name: 'queries know the ports of sources alone',
      severity: 'error',
      from: { path: '^src/queries/' },
      to: { path: '^src/sources/', pathNot: '^src/sources/snapshot[.]ts$' },
    },
    {
      name: 'nothing inside imports the face of the library',
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
      name: 'a new package needs its line in BUNDLED or UNBUNDLED',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: NPM, pathNot: pathOf(Object.keys(PACKAGES)) },
    },
    {
      name: 'a bundled package is a devDependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: pathOf(Object.keys(BUNDLED)), dependencyTypesNot: ['npm-dev'] },
    },
    {
      name: 'a package that is not bundled is a dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: pathOf(Object.keys(UNBUNDLED)), dependencyTypesNot: ['npm'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
