import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName, joined } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import type { Stack } from '../stack.ts';
import { optionOf } from './arguments.ts';
import { binaryVersion } from './binary-version.ts';
import { configLines } from './config-files.ts';
import { defaults, type KnownSetting, lastOfEach, placeOf, settingFrom, strongest } from './settings.ts';

const SETTINGS: readonly KnownSetting[] = [
  { name: 'maxclients', kind: 'count' },
  { name: 'tcp-backlog', kind: 'count' },
  { name: 'timeout', kind: { msOf: 1000 } },
  { name: 'tcp-keepalive', kind: { msOf: 1000 } },
];

const PROGRAM = /^(redis|valkey|keydb)-server$/;
const DEFAULT_FILES = ['/etc/redis/redis.conf', '/usr/local/etc/redis/redis.conf', '/etc/valkey/valkey.conf'];

/**
 * Redis, Valkey and KeyDB. The executable is not always named so (Debian's is `redis-check-rdb`); the title of the process
 * replaces its arguments unless `set-proc-title` is off, so a file at a default path is a guess.
 */
export const redis: Stack = {
  name: 'Redis',
  read(process) {
    const { executable, argv, name } = process;
    const [title = ''] = argv;
    const program = baseName(title.split(' ')[0] ?? '');
    if (!PROGRAM.test(name) && !PROGRAM.test(program)) return undefined;
    const version = binaryVersion(executable, /\0(\d+\.\d+\.\d+)\0/);
    return {
      ...(version !== undefined && { version }),
      settings: strongest(commandSettings(argv), fileSettings(process), defaults({ maxclients: 10_000 })),
    };
  },
};

function commandSettings(argv: readonly string[]): StackSetting[] {
  return SETTINGS.flatMap((known) => {
    const value = optionOf(argv, `--${known.name}`);
    return (value === undefined ? undefined : settingFrom(known, value, { proof: 'command line' })) ?? [];
  });
}

function fileSettings(process: ProcessView): StackSetting[] {
  const [, first] = process.argv;
  const named = first !== undefined && !first.startsWith('-') ? joined(process.cwd ?? '', first) : undefined;
  for (const path of named === undefined ? DEFAULT_FILES : [named]) {
    const lines = configLines(process, path, included);
    if (lines === undefined) continue;
    return lastOfEach(
      lines.flatMap(({ text, ...place }) => {
        const [, key, value = ''] = /^\s*([\w-]+)\s+(\S+)\s*$/.exec(text) ?? [];
        const known = SETTINGS.find(({ name }) => name === key?.toLowerCase());
        const proof = named === undefined ? 'default path' : 'configuration file';
        return (known && settingFrom(known, value, { proof, ...placeOf(place) })) ?? [];
      }),
    );
  }
  return [];
}

function included(line: string): string | undefined {
  return /^\s*include\s+(\S+)/.exec(line)?.[1];
}
