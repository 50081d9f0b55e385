import type { StackLibrary, StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import { type KnownSetting, placeOf, settingFrom } from '../servers/settings.ts';
import type { Stack, StackReading } from '../stack.ts';

const GEMS = ['activerecord', 'sequel', 'mysql2', 'trilogy', 'pg', 'redis', 'puma'];

/** Programs that Ruby runs. */
export const ruby: Stack = {
  name: 'Ruby',
  read(process) {
    const { executable, argv, name } = process;
    const program = baseName(executable?.path ?? argv[0]?.split(' ')[0] ?? name);
    const [, version] = /^ruby(\d+\.\d+)?$/.exec(program) ?? [];
    if (!/^ruby[\d.]*$/.test(program)) return undefined;
    return {
      ...(version !== undefined && { version }),
      libraries: librariesOf(process),
      ...pumaOf(process),
    };
  },
};

/** Compiled parts of gems that are mapped, `…/mysql2-0.5.4/mysql2.so`, else the lock file of the working directory. */
function librariesOf(process: ProcessView): StackLibrary[] {
  const mapped = process.mapped();
  const lock = process.text('Gemfile.lock');
  return GEMS.flatMap((name): StackLibrary[] => {
    const path = mapped.find((file) => new RegExp(`/${name}-\\d[\\d.]*/.*\\.so$`).test(file));
    const loaded = path === undefined ? undefined : new RegExp(`/${name}-(\\d[\\d.]*)/`).exec(path)?.[1];
    if (path !== undefined && loaded !== undefined) return [{ name, version: loaded, proof: 'loaded', path }];
    // The gems that were resolved stand four blanks in: `    pg (1.4.5)`.
    const locked = lock && new RegExp(`^ {4}${name} \\((\\d[\\w.]*)\\)$`, 'm').exec(lock.text)?.[1];
    return lock === undefined || locked === undefined
      ? []
      : [{ name, version: locked, proof: 'locked', path: lock.path }];
  });
}

/** `puma 5.6.5 (tcp://0.0.0.0:9292) [app]`, `puma: cluster worker 0: 123 [app]`. */
function pumaOf(process: ProcessView): Pick<StackReading, 'server' | 'settings' | 'workers' | 'keepsAlive'> {
  const isPuma = ({ argv }: Pick<ProcessView, 'argv'>) => /^puma(:| \d)/.test(argv[0] ?? '');
  const isWorker = ({ argv }: Pick<ProcessView, 'argv'>) => /^puma: cluster worker /.test(argv[0] ?? '');
  if (!isPuma(process)) return {};
  const workers = (isWorker(process) ? process.siblings() : process.children()).filter(isWorker).length;
  return { server: 'puma', settings: pumaSettings(process), keepsAlive: true, ...(workers > 0 && { workers }) };
}

/** Literals of config/puma.rb, which is Ruby code of which nothing is run. */
function pumaSettings(process: ProcessView): StackSetting[] {
  const file = process.text('config/puma.rb');
  const known: readonly KnownSetting[] = [
    { name: 'workers', kind: 'count' },
    { name: 'persistent_timeout', kind: { msOf: 1000 } },
  ];
  return (file?.text.split('\n') ?? []).flatMap((text, index) => {
    const [, key, value = ''] = /^(\w+)[ (]+(\d+)\)?\s*(?:#.*)?$/.exec(text) ?? [];
    const setting = known.find(({ name }) => name === key);
    const place = placeOf({ path: file?.path ?? '', line: index + 1, changed: file?.changed ?? false });
    return (setting && settingFrom(setting, value, { proof: 'default path', ...place })) ?? [];
  });
}
