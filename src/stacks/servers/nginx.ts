import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName, folderOf, joined } from '../paths.ts';
import type { ProcessView, RelatedProcess } from '../process-view.ts';
import type { Stack } from '../stack.ts';
import { optionOf } from './arguments.ts';
import { binaryVersion } from './binary-version.ts';
import { configLines } from './config-files.ts';
import { defaults, type KnownSetting, lastOfEach, placeOf, settingFrom, strongest } from './settings.ts';

const SECONDS = { msOf: 1000 };

/** Directives, by the names that they have as settings. */
const SETTINGS: readonly KnownSetting[] = [
  { name: 'worker_connections', kind: 'count' },
  { name: 'worker_rlimit_nofile', kind: 'count' },
  { name: 'worker_processes', kind: 'count' },
  { name: 'keepalive_timeout', kind: SECONDS },
  { name: 'keepalive_requests', kind: 'count' },
  { name: 'keepalive', kind: 'count' },
  { name: 'proxy_connect_timeout', kind: SECONDS },
  { name: 'proxy_read_timeout', kind: SECONDS },
];

const MASTER = 'nginx: master process ';

/** nginx: the title of its master has the command line; workers are its children. */
export const nginx: Stack = {
  name: 'nginx',
  read(process) {
    const { executable, argv, name } = process;
    if (baseName(executable?.path ?? argv[0]?.split(' ')[0] ?? name) !== 'nginx') return undefined;
    const isMaster = argv[0]?.startsWith(MASTER) ?? false;
    const family = isMaster ? process.children() : process.siblings();
    const workers = family.filter(isWorker).length;
    const version = binaryVersion(executable, /nginx\/(\d+\.\d+\.\d+)/);
    const settings = strongest(
      fileSettings(process, isMaster ? process : process.parent()),
      defaults({ worker_connections: 512 }),
    );
    const keepalive = settings.find((setting) => setting.name === 'keepalive_timeout');
    return {
      ...(version !== undefined && { version }),
      ...(workers > 0 && { workers }),
      settings,
      keepsAlive: keepalive?.value !== 0,
    };
  },
};

function isWorker({ argv }: RelatedProcess): boolean {
  return argv[0]?.startsWith('nginx: worker process') ?? false;
}

function fileSettings(process: ProcessView, master: RelatedProcess | undefined): StackSetting[] {
  const { executable } = process;
  const [title = ''] = master?.argv ?? [];
  const words = title.startsWith(MASTER) ? title.slice(MASTER.length).split(' ') : (master?.argv ?? []);
  const named = optionOf(words, '-c');
  const built = binaryVersion(executable, /--conf-path=(\/[\w./-]+)/) ?? '/etc/nginx/nginx.conf';
  const prefix = optionOf(words, '-p') ?? binaryVersion(executable, /--prefix=(\/[\w./-]+)/) ?? process.cwd ?? '';
  const path = named === undefined ? built : joined(prefix, named);
  const lines = configLines(process, path, (line) => {
    const file = /^\s*include\s+([^;]+);/
      .exec(line)?.[1]
      ?.trim()
      .replace(/^(["'])(.*)\1$/, '$2');
    return file === undefined ? undefined : joined(folderOf(path), file);
  });
  const proof = named === undefined ? 'default path' : 'configuration file';
  const found = (lines ?? []).flatMap(({ text, ...place }) => lineSettings(text, { proof, ...placeOf(place) }));
  return lastOfEach(found);
}

/** The directives in a line; several can stand in one, as in `events { worker_connections 50; }`. */
function lineSettings(text: string, where: Parameters<typeof settingFrom>[2]): StackSetting[] {
  const line = text.replace(/(^|\s)#.*$/, '');
  return [...line.matchAll(/(?:^|[;{}])\s*(\w+)\s+([^;{}]+)(?=;)/g)].flatMap(([, directive, values = '']) => {
    if (directive === 'listen') {
      const backlog = /\bbacklog=(\d+)/.exec(values)?.[1];
      const known: KnownSetting = { name: 'backlog', kind: 'count' };
      const of = `port ${/^\S*?(\d+)(?:\s|$)/.exec(values)?.[1] ?? 80}`;
      return (backlog === undefined ? undefined : settingFrom(known, backlog, { ...where, of })) ?? [];
    }
    const known = SETTINGS.find(({ name }) => name === directive);
    return (known && settingFrom(known, values.trim().split(/\s+/)[0] ?? '', where)) ?? [];
  });
}
