import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import type { ProcessView } from '../process-view.ts';

/** Known packages: as their users call them, by the name of their metadata, and a compiled part where they have one. */
const LIBRARIES: readonly { name: string; package: string; compiled?: RegExp }[] = [
  { name: 'SQLAlchemy', package: 'sqlalchemy', compiled: /\/sqlalchemy\// },
  { name: 'Django', package: 'django' },
  { name: 'psycopg_pool', package: 'psycopg-pool' },
  { name: 'asyncpg', package: 'asyncpg', compiled: /\/asyncpg\// },
  { name: 'psycopg2', package: 'psycopg2', compiled: /\/psycopg2\/_psycopg/ },
  { name: 'psycopg2', package: 'psycopg2-binary', compiled: /\/psycopg2\/_psycopg/ },
  { name: 'psycopg', package: 'psycopg', compiled: /\/psycopg_(c|binary)\// },
  { name: 'PyMySQL', package: 'pymysql' },
  { name: 'mysqlclient', package: 'mysqlclient', compiled: /\/MySQLdb\/_mysql/ },
  { name: 'mysql-connector-python', package: 'mysql-connector-python', compiled: /\/_mysql_connector/ },
  { name: 'aiomysql', package: 'aiomysql' },
  { name: 'redis-py', package: 'redis' },
  { name: 'PyMongo', package: 'pymongo', compiled: /\/pymongo\// },
  { name: 'requests', package: 'requests' },
  { name: 'httpx', package: 'httpx' },
  { name: 'aiohttp', package: 'aiohttp', compiled: /\/aiohttp\// },
  { name: 'celery', package: 'celery' },
];

/** The known packages of some folders, by the names of their metadata: no file is opened for a version. */
export function pythonLibraries(
  process: ProcessView,
  folders: readonly string[],
  mapped: readonly string[],
): StackLibrary[] {
  const installed = new Map<string, { version: string; path: string }>();
  for (const folder of folders) {
    for (const entry of process.folder(folder) ?? []) {
      // `SQLAlchemy-1.4.46.egg-info`, `psycopg2-2.9.5-py3.11.egg-info`, `redis-4.3.4.dist-info`.
      const [, name = '', version = ''] =
        /^([\w.]+)-(\d[\w.!+]*?)(?:-py\d[\d.]*)?\.(?:dist|egg)-info$/.exec(entry) ?? [];
      const key = normal(name);
      if (name !== '' && !installed.has(key)) installed.set(key, { version, path: `${folder}/${entry}` });
    }
  }
  const found = LIBRARIES.flatMap((library): StackLibrary[] => {
    const metadata = installed.get(library.package);
    const loaded = library.compiled && mapped.find((path) => library.compiled?.test(path));
    if (loaded !== undefined) {
      const version = metadata?.version;
      return [{ name: library.name, ...(version !== undefined && { version }), proof: 'loaded', path: loaded }];
    }
    return metadata === undefined ? [] : [{ name: library.name, ...metadata, proof: 'installed' }];
  });
  // What has a compiled part and did not load it is not used.
  return found.filter(
    ({ name }, index) => found.findIndex((other) => other.name === name) === index && !isUnused(name, found, mapped),
  );
}

/** Of several drivers, one that is loaded tells that those which would have been seen to be are not. */
function isUnused(name: string, found: readonly StackLibrary[], mapped: readonly string[]): boolean {
  const compiled = LIBRARIES.filter((library) => library.name === name).flatMap((library) => library.compiled ?? []);
  const always = name === 'psycopg2' || name === 'mysqlclient' || name === 'asyncpg';
  return always && found.length > 1 && !compiled.some((pattern) => mapped.some((path) => pattern.test(path)));
}

/** PEP 503: case and separators do not matter. */
function normal(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
