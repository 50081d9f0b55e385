import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import type { ProgramFile } from '../process-view.ts';
import type { Stack, StackReading } from '../stack.ts';
import { readBuildInfo } from './build-info.ts';
import { GO_FUNCTIONS, GO_PACKAGES } from './libraries.ts';
import { hasName, readLineTable } from './line-table.ts';

/** Programs that Go's compiler made: everything is in the executable. */
export const go: Stack = {
  name: 'Go',
  read: ({ executable }) => executable?.once('go', () => readProgram(executable)),
};

function readProgram(file: ProgramFile): StackReading | undefined {
  const info = readBuildInfo(file);
  if (info === undefined) return undefined;
  const table = readLineTable(file);
  return {
    version: info.version.replace(/^go/, ''),
    libraries:
      table === undefined
        ? moduleLibraries(info.modules, file.path)
        : packageLibraries(table.files, info.modules, file.path),
    absent:
      table === undefined
        ? []
        : GO_FUNCTIONS.filter(
            ({ name, beside }) => hasName(table.functions, beside) && !hasName(table.functions, name),
          ).map(({ name }) => name),
  };
}

/** A part of every known path: there are thousands of folders. */
const HINT = /gorm|sqlx|xorm|entgo|mysql|\/pq|pgx|mssqldb|go-pg|redis|redigo|mongo|amqp|grpc|fasthttp/;

/** The known packages with a source file in the table: their code is in the program. */
function packageLibraries(
  files: string,
  modules: ReadonlyMap<string, string | undefined>,
  path: string,
): StackLibrary[] {
  const folders = new Set(files.split('\0').map((file) => file.slice(0, file.lastIndexOf('/'))));
  const names = [...folders].filter((folder) => HINT.test(folder));
  return GO_PACKAGES.flatMap(({ path: pattern, name }) => {
    // `…/pkg/mod/github.com/x/y@v1.2.3/z`: the version stands behind the path of the module.
    const whole = new RegExp(`(?:^|/)${escaped(pattern).replaceAll('/', '(?:@v[^/]*)?/')}(?:@v[^/]*)?$`);
    const folder = names.find((candidate) => whole.test(candidate));
    if (folder === undefined) return [];
    return [library(name, versionIn(folder) ?? versionOf(folder, modules), path)];
  });
}

function escaped(pattern: string): string {
  return pattern.replaceAll('.', '\\.');
}

function versionIn(folder: string): string | undefined {
  return /@(v\d[\w.+-]*)/.exec(folder)?.[1];
}

/** Of the module with the longest path that a folder is in. */
function versionOf(folder: string, modules: ReadonlyMap<string, string | undefined>): string | undefined {
  const [module] = [...modules.keys()]
    .filter((candidate) => `${folder}/`.includes(`/${candidate}/`) || `${folder}/`.startsWith(`${candidate}/`))
    .sort((a, b) => b.length - a.length);
  return module === undefined ? undefined : modules.get(module);
}

/** Without a table of files: modules that are nothing but the known package. */
function moduleLibraries(modules: ReadonlyMap<string, string | undefined>, path: string): StackLibrary[] {
  return GO_PACKAGES.flatMap(({ path: pattern, name }) => {
    const whole = new RegExp(`^${escaped(pattern)}$`);
    const module = [...modules.keys()].find((candidate) => whole.test(candidate));
    return module === undefined ? [] : [library(name, modules.get(module), path)];
  });
}

function library(name: string, version: string | undefined, path: string): StackLibrary {
  return { name, ...(version !== undefined && { version }), proof: 'linked', path };
}
