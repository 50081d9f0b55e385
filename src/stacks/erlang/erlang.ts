import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import { baseName } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import { configLines } from '../servers/config-files.ts';
import { type KnownSetting, placeOf, settingFrom } from '../servers/settings.ts';
import type { Stack } from '../stack.ts';

const APPLICATIONS = ['ecto_sql', 'postgrex', 'myxql', 'phoenix', 'bandit', 'cowboy'];

const RABBITMQ: readonly KnownSetting[] = [
  { name: 'tcp_listen_options.backlog', kind: 'count' },
  { name: 'connection_max', kind: 'count' },
];

/** The virtual machine of Erlang: RabbitMQ, and programs in Elixir and Erlang. Its cookie stands on the command line. */
export const erlang: Stack = {
  name: 'Erlang',
  read(process) {
    const { executable, argv, name } = process;
    if (!/^beam(\.smp)?$/.test(baseName(executable?.path ?? argv[0] ?? name))) return undefined;
    return isRabbit(argv) ? rabbitmq(process) : { libraries: librariesOf(process) };
  },
};

/** `-s rabbit boot`. */
function isRabbit(argv: readonly string[]): boolean {
  return argv.some((word, at) => word === '-s' && argv[at + 1] === 'rabbit');
}

function rabbitmq(process: ProcessView) {
  const version = process.argv.map((word) => /\/rabbitmq_server-(\d+\.\d+\.\d+)/.exec(word)?.[1]).find(Boolean);
  const lines = configLines(process, '/etc/rabbitmq/rabbitmq.conf', () => undefined) ?? [];
  return {
    stack: 'RabbitMQ' as const,
    ...(version !== undefined && { version }),
    settings: lines.flatMap(({ text, ...place }) => {
      const [, key, value = ''] = /^\s*([\w.]+)\s*=\s*(\S+)\s*$/.exec(text) ?? [];
      const known = RABBITMQ.find(({ name }) => name === key);
      return (known && settingFrom(known, value, { proof: 'default path', ...placeOf(place) })) ?? [];
    }),
  };
}

/** Libraries of a release lie in `lib/NAME-VERSION`; the folder is that of `-root`, or of a path of `-pa`. */
function librariesOf(process: ProcessView): StackLibrary[] {
  const { argv } = process;
  const after = (...names: string[]) => argv.flatMap((word, at) => (names.includes(word) ? (argv[at + 1] ?? []) : []));
  const roots = after('-root').filter((path) => path.startsWith('/'));
  const folders = new Set(roots.map((root) => `${root}/lib`));
  return [...folders].flatMap((folder) =>
    (process.folder(folder) ?? []).flatMap((entry): StackLibrary[] => {
      const [, name = '', version = ''] = /^([a-z]\w*)-(\d[\w.+-]*)$/.exec(entry) ?? [];
      return APPLICATIONS.includes(name) ? [{ name, version, proof: 'installed', path: `${folder}/${entry}` }] : [];
    }),
  );
}
