import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { IS_ONE_FILE, packageFile } from '../packaged/package-files.ts';
import { SystemCallsMissing } from './system-calls.ts';

/**
 * O_TMPFILE, a file without a name: __O_TMPFILE of include/uapi/asm-generic/fcntl.h with O_DIRECTORY, which differs
 * between x64 and arm64.
 */
const NAMELESS_FILE = 0o20000000 | fs.constants.O_DIRECTORY | fs.constants.O_RDWR;

/** Where a nameless file can be mapped as code: in memory first. Some machines mount one or the other `noexec`. */
const FOLDERS = ['/dev/shm', '/run', '/tmp', '/var/tmp'];

export type Koffi = typeof import('koffi');

/** In what the dynamic linker says about a library that koffi needs: its name. */
const ABSENT_LIBRARY = /(\S+\.so\S*): cannot open shared object file/;
/** The Debian packages of these libraries. */
const PACKAGES: Readonly<Record<string, string>> = { 'libstdc++.so.6': 'libstdc++6', 'libgcc_s.so.1': 'libgcc-s1' };

/**
 * Loads koffi.
 *
 * @throws {SystemCallsMissing} where it has no binary for this machine, or its binary cannot be loaded
 */
export function loadKoffi(): Koffi {
  try {
    return IS_ONE_FILE ? fromOneFile() : fromPackage();
  } catch (error) {
    throw error instanceof SystemCallsMissing ? error : new SystemCallsMissing(reasonOf(error), error);
  }
}

function reasonOf(error: unknown): string {
  const [message = ''] = (error as Error).message.split('\n');
  const library = ABSENT_LIBRARY.exec(message)?.[1];
  if (library === undefined) return message;
  const packaged = PACKAGES[library];
  return `${library} is missing${packaged === undefined ? '' : ` (on Debian: apt-get install ${packaged})`}`;
}

/** The binary for glibc is tried before the package's own choice, which takes 4 ms and is needed on musl. */
function fromPackage(): Koffi {
  const require = createRequire(import.meta.url);
  const name = `@koromix/koffi-linux-${process.arch}`;
  try {
    return require(`${name}/linux_${process.arch}/koffi.node`) as Koffi;
  } catch (error) {
    if (ABSENT_LIBRARY.test((error as Error).message)) throw error;
  }
  try {
    return require(name) as Koffi;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new SystemCallsMissing(`the package ${name} is not installed; npm leaves it out with --omit=optional`, error);
  }
}

/**
 * The file beside the executable, which a package for a distribution has, or else the embedded one, which is mapped
 * from a nameless file: nothing is left behind, and nobody can exchange it. In a folder that others write to, such as
 * one for downloads, a file beside it is somebody else's and would run as root under sudo.
 */
function fromOneFile(): Koffi {
  const folder = path.dirname(process.execPath);
  const beside = path.join(folder, 'koffi.node');
  if (onlyRootWrites(folder) && onlyRootWrites(beside)) return addonOf(beside);
  const bytes = fs.readFileSync(packageFile('koffi.node'));
  let last: unknown;
  for (const folder of FOLDERS) {
    try {
      return embeddedIn(folder, bytes);
    } catch (error) {
      last = error;
      // It would lack that library in the other folders, too.
      if (ABSENT_LIBRARY.test((error as Error).message)) throw error;
    }
  }
  const reason = `none of ${FOLDERS.join(', ')} may hold code; put koffi.node beside ${process.execPath}`;
  throw new SystemCallsMissing(reason, last);
}

function embeddedIn(folder: string, bytes: Uint8Array): Koffi {
  const fd = fs.openSync(folder, NAMELESS_FILE, 0o600);
  try {
    fs.writeFileSync(fd, bytes);
    return addonOf(`/proc/self/fd/${fd}`);
  } finally {
    fs.closeSync(fd);
  }
}

/** Whether a file or folder exists, belongs to root, and nobody else may change it. */
function onlyRootWrites(name: string): boolean {
  const stat = fs.statSync(name, { throwIfNoEntry: false });
  return stat?.uid === 0 && (stat.mode & 0o022) === 0;
}

function addonOf(file: string): Koffi {
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports as Koffi;
}
