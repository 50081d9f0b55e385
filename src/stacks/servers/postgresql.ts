import type { DatabaseSessions, StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName, folderOf, joined } from '../paths.ts';
import type { ProcessView, RelatedProcess } from '../process-view.ts';
import type { Stack } from '../stack.ts';
import { optionOf, optionsOf } from './arguments.ts';
import { configLines } from './config-files.ts';
import { defaults, type KnownSetting, lastOfEach, placeOf, settingFrom, strongest } from './settings.ts';

const SETTINGS: readonly KnownSetting[] = [
  { name: 'max_connections', kind: 'count' },
  { name: 'superuser_reserved_connections', kind: 'count' },
  { name: 'reserved_connections', kind: 'count' },
  { name: 'idle_session_timeout', kind: { msOf: 1 } },
  { name: 'idle_in_transaction_session_timeout', kind: { msOf: 1 } },
];

/** pg_control, src/include/catalog/pg_control.h: the version of the file, and where that one has max_connections. */
const CONTROL_BYTES = 184;
const CONTROL_VERSION_AT = 8;
const KNOWN_CONTROL = 1300;
const MAX_CONNECTIONS_AT = 180;

const TITLE = /^postgres: /;

/** PostgreSQL: the data folder is the working directory of all of its processes. */
export const postgresql: Stack = {
  name: 'PostgreSQL',
  read(process) {
    const { executable, argv, name } = process;
    if (!/^(postgres|postmaster)$/.test(baseName(executable?.path ?? argv[0] ?? name))) return undefined;
    const folder = process.cwd;
    const version = folder === undefined ? undefined : process.text(`${folder}/PG_VERSION`)?.text.trim();
    // The title of a child has replaced its arguments.
    const isChild = TITLE.test(argv[0] ?? '');
    const words = isChild ? (process.parent()?.argv ?? []) : argv;
    return {
      sessions: sessionsOf(isChild ? process.siblings() : process.children()),
      ...(version !== undefined && /^\d+(\.\d+)?$/.test(version) && { version }),
      settings: strongest(
        folder === undefined ? [] : running(process, folder),
        commandSettings(words),
        folder === undefined ? [] : fileSettings(process, words, folder),
        defaults({ max_connections: 100, superuser_reserved_connections: 3 }),
      ),
    };
  },
};

/** From the title of each session, src/backend/utils/misc/ps_status.c: who it is for, then its state. */
function sessionsOf(processes: readonly RelatedProcess[]): DatabaseSessions {
  const titles = processes.flatMap(({ argv: [title = ''] }) => (TITLE.test(title) ? [title.trimEnd()] : []));
  return {
    idleInTransaction: titles.filter((title) => /idle in transaction( \(aborted\))?$/.test(title)).length,
    waitingForLock: titles.filter((title) => title.endsWith(' waiting')).length,
  };
}

/** What the running server uses: it writes that into its control file when it starts. Of PostgreSQL 13 to 16. */
function running(process: ProcessView, folder: string): StackSetting[] {
  const path = `${folder}/global/pg_control`;
  const bytes = process.file(path)?.read(0, CONTROL_BYTES);
  if (bytes === undefined) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(CONTROL_VERSION_AT, true) !== KNOWN_CONTROL) return [];
  return [{ name: 'max_connections', value: view.getInt32(MAX_CONNECTIONS_AT, true), proof: 'running', path }];
}

/** `-c max_connections=44`, `--max-connections=44`, `-N 44`. */
function commandSettings(argv: readonly string[]): StackSetting[] {
  const given = optionsOf(argv, '-c').map((word) => /^([\w-]+)=(.*)$/s.exec(word));
  return SETTINGS.flatMap((known) => {
    const byName = given.findLast((match) => match?.[1]?.replaceAll('-', '_') === known.name)?.[2];
    const long = optionOf(argv, `--${known.name.replaceAll('_', '-')}`, `--${known.name}`);
    const short = known.name === 'max_connections' ? optionOf(argv, '-N') : undefined;
    const value = byName ?? long ?? short;
    return (value === undefined ? undefined : settingFrom(known, value, { proof: 'command line' })) ?? [];
  });
}

/** Of postgresql.conf and of postgresql.auto.conf (ALTER SYSTEM), which is read after it. */
function fileSettings(process: ProcessView, argv: readonly string[], folder: string): StackSetting[] {
  const given = optionsOf(argv, '-c').find((word) => word.startsWith('config_file='));
  const file = given?.slice('config_file='.length) ?? optionOf(argv, '--config-file', '--config_file');
  const found: StackSetting[] = [];
  for (const path of [joined(folder, file ?? 'postgresql.conf'), `${folder}/postgresql.auto.conf`]) {
    for (const { text, ...place } of configLines(process, path, included) ?? []) {
      const [, key, quoted, plain] = /^\s*(\w+)\s*=?\s*(?:'([^']*)'|([^\s#']+))/.exec(text) ?? [];
      const known = SETTINGS.find(({ name }) => name === key?.toLowerCase());
      const value = quoted ?? plain;
      if (known === undefined || value === undefined) continue;
      const setting = settingFrom(known, value, { proof: 'configuration file', ...placeOf(place) });
      if (setting !== undefined) found.push(setting);
    }
  }
  return lastOfEach(found);
}

function included(line: string, file: string): string | undefined {
  const [, word, path = ''] = /^\s*(include|include_if_exists|include_dir)\s*=?\s*'([^']+)'/.exec(line) ?? [];
  if (word === undefined) return undefined;
  const whole = joined(folderOf(file), path);
  return word === 'include_dir' ? `${whole.replace(/\/$/, '')}/*.conf` : whole;
}
