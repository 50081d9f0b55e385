import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Debian's sources of Go libraries. */
const SOURCES = '/usr/share/gocode/src';

/** How a Go program is built. */
export interface GoBuild {
  /** The file `main.go`. */
  source: string;
  /**
   * Debian's libraries that it imports, with the versions that they get as modules: `github.com/go-sql-driver/mysql:
   * v1.7.1`. Without it the program is built without modules (GOPATH mode), and has no versions.
   */
  modules?: Readonly<Record<string, string>>;
  /** `-ldflags`, `-trimpath`, `-buildmode=pie`. */
  flags?: readonly string[];
  /** Name of the program; default `program`. */
  name?: string;
}

/** Reason to skip a test that builds Go programs; undefined where it can. */
export function missingGo(...libraries: string[]): string | undefined {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    return 'no program go; see test/support/software/packages.conf';
  }
  const missing = libraries.find((library) => !fs.existsSync(`${SOURCES}/${library}`));
  return missing === undefined ? undefined : `no Go library ${missing}; see test/support/software/packages.conf`;
}

/** Builds a program into a folder of its own, which the caller removes. Nothing is downloaded. @returns its path */
export function buildGo({ source, modules, flags = [], name = 'program' }: GoBuild): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-go-'));
  fs.writeFileSync(`${folder}/main.go`, source);
  const env: Record<string, string | undefined> = {
    ...process.env,
    GOPATH: '/usr/share/gocode',
    GOCACHE: path.join(os.tmpdir(), 'socklens-go-cache'),
    GOFLAGS: '',
    GOPROXY: 'off',
    CGO_ENABLED: '0',
    GO111MODULE: modules === undefined ? 'off' : 'on',
  };
  if (modules !== undefined) writeVendor(folder, modules);
  const vendor = modules === undefined ? [] : ['-mod=vendor'];
  execFileSync('go', ['build', ...vendor, ...flags, '-o', name, ...(modules === undefined ? ['main.go'] : ['.'])], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return `${folder}/${name}`;
}

function writeVendor(folder: string, modules: Readonly<Record<string, string>>): void {
  const entries = Object.entries(modules);
  const requires = entries.map(([module, version]) => `require ${module} ${version}\n`).join('');
  fs.writeFileSync(`${folder}/go.mod`, `module example.com/program\n\ngo 1.19\n\n${requires}`);
  for (const [module] of entries) {
    fs.cpSync(`${SOURCES}/${module}`, `${folder}/vendor/${module}`, { recursive: true, dereference: true });
  }
  const lines = entries.map(([module, version]) => `# ${module} ${version}\n## explicit\n${module}\n`);
  fs.writeFileSync(`${folder}/vendor/modules.txt`, lines.join(''));
}
