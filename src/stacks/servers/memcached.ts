import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import type { Stack } from '../stack.ts';
import { argumentSettings } from './arguments.ts';
import { binaryVersion } from './binary-version.ts';
import { type KnownSetting, strongest } from './settings.ts';

const SETTINGS: readonly KnownSetting[] = [
  { name: '-c', kind: 'count' },
  { name: '-b', kind: 'count' },
];

/** memcached: everything is on its command line, and it sets its own limit of open files to the limit of connections. */
export const memcached: Stack = {
  name: 'memcached',
  read(process) {
    const { executable, argv, name } = process;
    if (baseName(executable?.path ?? argv[0] ?? name) !== 'memcached') return undefined;
    const version = binaryVersion(executable, /memcached (\d+\.\d+\.\d+)/);
    return {
      ...(version !== undefined && { version }),
      settings: strongest(
        running(process),
        argumentSettings(argv, SETTINGS, { '-c': ['-c', '--conn-limit'], '-b': ['-b', '--listen-backlog'] }),
      ),
    };
  },
};

/** What -c is without being given. */
const STOCK_CONNECTIONS = 1024;

/**
 * memcached sets both its limits of open files to -c when it starts, memcached.c, main. Where somebody changed them
 * since, they say nothing.
 */
function running({ nofile, argv }: ProcessView): StackSetting[] {
  const [given] = argumentSettings(argv, SETTINGS, { '-c': ['-c', '--conn-limit'] });
  const expected = given?.value ?? STOCK_CONNECTIONS;
  if (nofile === undefined || nofile.soft !== nofile.hard || nofile.soft !== expected) return [];
  return [{ name: '-c', value: nofile.soft, proof: 'running' }];
}
