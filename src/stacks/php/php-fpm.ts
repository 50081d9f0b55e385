import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName, folderOf, joined } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import { configLines } from '../servers/config-files.ts';
import { type KnownSetting, lastOfEach, placeOf, settingFrom } from '../servers/settings.ts';
import type { Stack } from '../stack.ts';

const SECONDS = { msOf: 1000 };

/** Everything else of a pool, such as `env[...]` and `php_admin_value[...]`, is passed by. */
const SETTINGS: readonly KnownSetting[] = [
  { name: 'pm', kind: ['static', 'dynamic', 'ondemand'] },
  { name: 'pm.max_children', kind: 'count' },
  { name: 'pm.max_spare_servers', kind: 'count' },
  { name: 'pm.max_requests', kind: 'count' },
  { name: 'listen.backlog', kind: 'count' },
  { name: 'request_terminate_timeout', kind: SECONDS },
];

/** PHP-FPM: the title of its master names the file, that of a worker its pool. */
export const phpFpm: Stack = {
  name: 'PHP-FPM',
  read(process) {
    const { executable, argv, name } = process;
    const program = baseName(executable?.path ?? argv[0]?.split(':')[0] ?? name);
    const [, version] = /^php-fpm(\d+\.\d+)?$/.exec(program) ?? [];
    if (!/^php-fpm[\d.]*$/.test(program)) return undefined;
    const pool = poolOf(argv);
    const family = pool === undefined ? process.children() : process.siblings();
    const workers = family.filter(
      (other) => poolOf(other.argv) !== undefined && (pool ?? poolOf(other.argv)) === poolOf(other.argv),
    );
    const settings = fileSettings(process, pool === undefined ? argv : (process.parent()?.argv ?? []));
    return {
      ...(version !== undefined && { version }),
      ...(workers.length > 0 && { workers: workers.length }),
      settings: pool === undefined ? settings : settings.filter(({ of }) => of === pool),
    };
  },
};

/** `php-fpm: pool www`. */
function poolOf(argv: readonly string[]): string | undefined {
  return /^php-fpm: pool (\S+)/.exec(argv[0] ?? '')?.[1];
}

function fileSettings(process: ProcessView, argv: readonly string[]): StackSetting[] {
  const path = /^php-fpm: master process \(([^)]+)\)/.exec(argv[0] ?? '')?.[1];
  if (path === undefined) return [];
  const found: StackSetting[] = [];
  let pool = '';
  for (const { text, ...place } of configLines(process, path, included) ?? []) {
    pool = /^\s*\[([\w.-]{1,64})\]/.exec(text)?.[1] ?? pool;
    const [, key, value = ''] = /^\s*([\w.]+)\s*=\s*([^;\s]+)/.exec(text) ?? [];
    const known = SETTINGS.find(({ name }) => name === key);
    const setting = known && settingFrom(known, value, { proof: 'configuration file', of: pool, ...placeOf(place) });
    if (setting !== undefined) found.push(setting);
  }
  return lastOfEach(found);
}

function included(line: string, file: string): string | undefined {
  const path = /^\s*include\s*=\s*([^;\s]+)/.exec(line)?.[1];
  return path === undefined ? undefined : joined(folderOf(file), path);
}
