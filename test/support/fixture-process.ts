/** A process whose files are texts, for programs that no package of Debian or npm has. */
import type { ByteFile } from '../../src/base/elf.ts';
import type { ProcessView, RelatedProcess } from '../../src/stacks/process-view.ts';

/** What is known of the process. Paths are absolute. */
export interface Fixture {
  argv: readonly string[];
  name?: string;
  /** Path of its executable, which has no contents. */
  exe?: string;
  cwd?: string;
  files?: Readonly<Record<string, string | Buffer>>;
  /** Files that were changed after the process started. */
  changed?: readonly string[];
  mapped?: readonly string[];
  opened?: readonly string[];
  parent?: readonly string[];
  children?: readonly (readonly string[])[];
  siblings?: readonly (readonly string[])[];
  nofile?: number;
}

export function fixtureProcess(fixture: Fixture): ProcessView {
  const { argv, name = '', exe, cwd = '/', files = {}, mapped = [], opened = [], changed = [] } = fixture;
  const related = (words: readonly string[]): RelatedProcess => ({ pid: 1, name: '', argv: words });
  const whole = (path: string) => (path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`);
  const bytes = (content: Buffer): ByteFile => ({
    size: content.length,
    read: (at, length) => (at + length > content.length ? undefined : content.subarray(at, at + length)),
    text: (at, length) => content.toString('latin1', at, at + length),
  });
  return {
    pid: 4242,
    startTicks: 100,
    name,
    argv,
    cwd,
    executable: exe === undefined ? undefined : { ...bytes(Buffer.alloc(0)), path: exe, once: (_, read) => read() },
    nofile: fixture.nofile === undefined ? undefined : { soft: fixture.nofile, hard: fixture.nofile },
    parent: () => fixture.parent && related(fixture.parent),
    children: () => (fixture.children ?? []).map(related),
    siblings: () => (fixture.siblings ?? []).map(related),
    mapped: () => mapped,
    opened: () => opened,
    text(path) {
      const content = files[whole(path)];
      if (content === undefined) return undefined;
      return { path: whole(path), text: content.toString(), changed: changed.includes(whole(path)) };
    },
    file(path) {
      const content = files[whole(path)];
      return content === undefined ? undefined : bytes(Buffer.from(content));
    },
    folder(path) {
      const prefix = path === '/' ? '/' : `${whole(path)}/`;
      const names = Object.keys(files)
        .filter((file) => file.startsWith(prefix))
        .map((file) => file.slice(prefix.length).split('/')[0] ?? '');
      return names.length === 0 ? undefined : [...new Set(names)];
    },
  };
}
