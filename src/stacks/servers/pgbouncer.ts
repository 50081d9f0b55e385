import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName, joined } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import type { Stack } from '../stack.ts';
import { binaryVersion } from './binary-version.ts';
import { configLines } from './config-files.ts';
import { defaults, type KnownSetting, lastOfEach, placeOf, settingFrom, strongest } from './settings.ts';

const SECONDS = { msOf: 1000 };

const SETTINGS: readonly KnownSetting[] = [
  { name: 'max_client_conn', kind: 'count' },
  { name: 'default_pool_size', kind: 'count' },
  { name: 'min_pool_size', kind: 'count' },
  { name: 'reserve_pool_size', kind: 'count' },
  { name: 'max_db_connections', kind: 'count' },
  { name: 'max_user_connections', kind: 'count' },
  { name: 'listen_backlog', kind: 'count' },
  { name: 'pool_mode', kind: ['session', 'transaction', 'statement'] },
  { name: 'server_idle_timeout', kind: SECONDS },
  { name: 'server_lifetime', kind: SECONDS },
  { name: 'client_idle_timeout', kind: SECONDS },
  { name: 'query_wait_timeout', kind: SECONDS },
];

/** PgBouncer: its file is always named on the command line. Sections other than `[pgbouncer]` have passwords, and are passed by. */
export const pgbouncer: Stack = {
  name: 'PgBouncer',
  read(process) {
    const { executable, argv, name } = process;
    if (baseName(executable?.path ?? argv[0] ?? name) !== 'pgbouncer') return undefined;
    const version = binaryVersion(executable, /PgBouncer (\d+\.\d+\.\d+)/);
    const stock = { max_client_conn: 100, default_pool_size: 20, max_db_connections: 0, listen_backlog: 128 };
    return {
      ...(version !== undefined && { version }),
      settings: strongest(fileSettings(process), defaults(stock)),
    };
  },
};

function fileSettings(process: ProcessView): StackSetting[] {
  const file = process.argv.slice(1).find((word) => word.endsWith('.ini')) ?? process.argv.at(-1);
  if (file === undefined || process.argv.length < 2) return [];
  const lines = configLines(process, joined(process.cwd ?? '', file), included(process.cwd ?? '')) ?? [];
  const found: StackSetting[] = [];
  let section = '';
  for (const { text, ...place } of lines) {
    section = /^\s*\[([^\]]+)\]/.exec(text)?.[1]?.trim() ?? section;
    if (section !== 'pgbouncer') continue;
    const [, key, value = ''] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(text) ?? [];
    const known = SETTINGS.find(({ name }) => name === key);
    const setting = known && settingFrom(known, value, { proof: 'configuration file', ...placeOf(place) });
    if (setting !== undefined) found.push(setting);
  }
  return lastOfEach(found);
}

/** Relative to the working directory. */
function included(cwd: string) {
  return (line: string): string | undefined => {
    const path = /^\s*%include\s+(\S+)/.exec(line)?.[1];
    return path === undefined ? undefined : joined(cwd, path);
  };
}
