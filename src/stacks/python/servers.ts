import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName } from '../paths.ts';
import type { ProcessView, RelatedProcess } from '../process-view.ts';
import { argumentSettings, optionOf } from '../servers/arguments.ts';
import { type KnownSetting, placeOf, settingFrom, strongest } from '../servers/settings.ts';
import type { StackReading } from '../stack.ts';

const SECONDS = { msOf: 1000 };
const CLASSES = ['sync', 'gthread', 'eventlet', 'gevent', 'tornado'] as const;

const GUNICORN: readonly KnownSetting[] = [
  { name: '--workers', kind: 'count' },
  { name: '--threads', kind: 'count' },
  { name: '--worker-class', kind: CLASSES },
  { name: '--backlog', kind: 'count' },
  { name: '--keep-alive', kind: SECONDS },
  { name: '--timeout', kind: SECONDS },
  { name: '--worker-connections', kind: 'count' },
];

/** Short forms of the options. */
const GUNICORN_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  '--workers': ['-w', '--workers'],
  '--threads': ['--threads'],
  '--worker-class': ['-k', '--worker-class'],
  '--backlog': ['--backlog'],
  '--keep-alive': ['--keep-alive'],
  '--timeout': ['-t', '--timeout'],
  '--worker-connections': ['--worker-connections'],
};

const UVICORN: readonly KnownSetting[] = [
  { name: '--workers', kind: 'count' },
  { name: '--limit-concurrency', kind: 'count' },
  { name: '--backlog', kind: 'count' },
  { name: '--timeout-keep-alive', kind: SECONDS },
];

type ServerReading = Pick<StackReading, 'server' | 'settings' | 'workers' | 'keepsAlive'>;

/** The server that runs the application: gunicorn, uvicorn, celery; empty for none. */
export function readServer(process: ProcessView, mapped: readonly string[]): ServerReading {
  const parent = process.parent();
  if (isGunicorn(process.argv)) return gunicorn(process, mapped, parent !== undefined && isGunicorn(parent.argv));
  if (isProgram(process.argv, 'uvicorn')) return uvicorn(process.argv, undefined);
  // A worker of uvicorn has a line of its own.
  if (parent !== undefined && isProgram(parent.argv, 'uvicorn')) return uvicorn(parent.argv, process);
  if (isProgram(process.argv, 'celery')) return celery(process, parent);
  return {};
}

/** The second argument, or the module of `-m`; a title that replaced them all. */
function isProgram(argv: readonly string[], name: string): boolean {
  const module = argv[1] === '-m' ? argv[2] : undefined;
  return module === name || baseName(argv[1] ?? '') === name || baseName(argv[0] ?? '') === name;
}

function isGunicorn(argv: readonly string[]): boolean {
  return isProgram(argv, 'gunicorn') || /^gunicorn: (master|worker) /.test(argv[0] ?? '');
}

function gunicorn(process: ProcessView, mapped: readonly string[], isWorker: boolean): ServerReading {
  const { argv } = process;
  const family: readonly RelatedProcess[] = isWorker ? process.siblings() : process.children();
  const workers = family.filter((other) => isGunicorn(other.argv)).length;
  const hasArguments = !/^gunicorn: /.test(argv[0] ?? '');
  const settings = strongest(
    hasArguments ? [...argumentSettings(argv, GUNICORN, GUNICORN_OPTIONS), ...otherClass(argv)] : [],
    fileSettings(process, hasArguments ? argv : []),
  );
  const keepsAlive = gunicornKeepsAlive(settings, mapped, hasArguments, isWorker);
  return {
    server: 'gunicorn',
    settings,
    ...(workers > 0 && { workers }),
    ...(keepsAlive !== undefined && { keepsAlive }),
  };
}

/** A class of workers that is none of gunicorn's own, such as that of uvicorn; its name is not passed on. */
function otherClass(argv: readonly string[]): StackSetting[] {
  const isGiven = optionOf(argv, '-k', '--worker-class') !== undefined;
  return isGiven ? [{ name: '--worker-class', value: 'other', proof: 'command line' }] : [];
}

/** Sync workers, the default, close every connection after its response; several threads make them gthread. */
function gunicornKeepsAlive(
  settings: readonly StackSetting[],
  mapped: readonly string[],
  hasArguments: boolean,
  isWorker: boolean,
): boolean | undefined {
  const given = (name: string) => settings.find((setting) => setting.name === name)?.value;
  const kind = given('--worker-class');
  const threads = Number(given('--threads') ?? 1);
  if (kind === 'other') return undefined;
  if (kind !== undefined && kind !== 'sync') return given('--keep-alive') !== 0;
  // Modules of gevent and eventlet, in a worker.
  if (mapped.some((path) => /\/(gevent|greenlet)\//.test(path))) return undefined;
  if (threads > 1) return given('--keep-alive') !== 0;
  return hasArguments || (isWorker && kind === 'sync') ? false : undefined;
}

/**
 * Literals of gunicorn.conf.py, which is read without being named: it is Python code, of which nothing is run. The last
 * assignment at the left margin counts.
 */
function fileSettings(process: ProcessView, argv: readonly string[]): StackSetting[] {
  const named = optionOf(argv, '-c', '--config')?.replace(/^file:/, '');
  const file = process.text(named ?? 'gunicorn.conf.py');
  if (file === undefined) return [];
  const names: Readonly<Record<string, string>> = {
    workers: '--workers',
    threads: '--threads',
    worker_class: '--worker-class',
    backlog: '--backlog',
    keepalive: '--keep-alive',
    timeout: '--timeout',
    worker_connections: '--worker-connections',
  };
  return file.text
    .split('\n')
    .flatMap((text, index): StackSetting[] => {
      const [, key = '', value = ''] = /^(\w+)\s*=\s*("\w+"|'\w+'|\d+)\s*(?:#.*)?$/.exec(text) ?? [];
      const known = GUNICORN.find(({ name }) => name === names[key]);
      const place = placeOf({ path: file.path, line: index + 1, changed: file.changed });
      const proof = named === undefined ? 'default path' : 'configuration file';
      const setting = known && settingFrom(known, value, { proof, ...place });
      // A class, or an expression, that is not known.
      const isClass = setting === undefined && /^worker_class\s*=/.test(text);
      if (isClass) return [{ name: '--worker-class', value: 'other', proof, ...place }];
      return setting === undefined ? [] : [setting];
    })
    .toReversed();
}

function uvicorn(argv: readonly string[], worker: ProcessView | undefined): ServerReading {
  const settings = argumentSettings(argv, UVICORN, Object.fromEntries(UVICORN.map(({ name }) => [name, [name]])));
  const given = settings.find(({ name }) => name === '--workers')?.value;
  return {
    server: 'uvicorn',
    settings,
    keepsAlive: settings.find(({ name }) => name === '--timeout-keep-alive')?.value !== 0,
    ...(worker !== undefined && typeof given === 'number' && { workers: given }),
  };
}

function celery(process: ProcessView, parent: RelatedProcess | undefined): ServerReading {
  const isWorker = parent !== undefined && isProgram(parent.argv, 'celery');
  const family = isWorker ? process.siblings() : process.children();
  const workers = family.filter(({ argv }) => isProgram(argv, 'celery')).length;
  const known: KnownSetting = { name: '--concurrency', kind: 'count' };
  return {
    server: 'celery',
    settings: argumentSettings(process.argv, [known], { '--concurrency': ['-c', '--concurrency'] }),
    ...(workers > 0 && { workers }),
  };
}
