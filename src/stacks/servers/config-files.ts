import type { ProcessView, TextFile } from '../process-view.ts';

/** Bounds of a configuration with its includes. */
const DEEPEST = 5;
const MOST_FILES = 50;
const MOST_CHARACTERS = 1 << 20;

/** One line of a configuration: only settings that are known are taken of it, at once. */
export interface ConfigLine {
  text: string;
  path: string;
  /** From 1. */
  line: number;
  /** Whether its file was changed after the process started. */
  changed: boolean;
}

/**
 * The lines of a configuration file, those of the files that it includes in their places.
 *
 * @param include the path, perhaps with `*`, that a line includes; undefined for other lines. A relative one counts from
 *   the folder of `base`
 * @returns undefined where the file cannot be read
 */
export function configLines(
  process: ProcessView,
  path: string,
  include: (line: string, file: string) => string | undefined,
): ConfigLine[] | undefined {
  const lines: ConfigLine[] = [];
  let files = 0;
  let characters = 0;
  const read = (name: string, depth: number): boolean => {
    if (depth > DEEPEST || files >= MOST_FILES) return false;
    const file = process.text(name);
    if (file === undefined) return false;
    files++;
    characters += file.text.length;
    if (characters > MOST_CHARACTERS) return false;
    eachLine(file, (line) => {
      const included = include(line.text, file.path);
      if (included === undefined) lines.push(line);
      else for (const each of matching(process, included)) read(each, depth + 1);
    });
    return true;
  };
  return read(path, 1) ? lines : undefined;
}

function eachLine({ path, text, changed }: TextFile, take: (line: ConfigLine) => void): void {
  text.split('\n').forEach((line, index) => {
    take({ text: line.replace(/\r$/, ''), path, line: index + 1, changed });
  });
}

/** The files that a path means, in the order of their names; `*` and `?` in its last part and in folders. */
export function matching(process: ProcessView, pattern: string): string[] {
  if (!/[*?]/.test(pattern)) return [pattern];
  let found = [''];
  for (const part of pattern.split('/').filter((word) => word !== '')) {
    found = found.flatMap((folder) => {
      if (!/[*?]/.test(part)) return [`${folder}/${part}`];
      const matches = wildcard(part);
      return (process.folder(folder === '' ? '/' : folder) ?? [])
        .filter((name) => matches.test(name))
        .sort()
        .map((name) => `${folder}/${name}`);
    });
    if (found.length > MOST_FILES) found = found.slice(0, MOST_FILES);
  }
  return found;
}

/** A hidden file is none that a wildcard at the beginning means. */
function wildcard(part: string): RegExp {
  const hidden = /^[*?]/.test(part) ? '(?!\\.)' : '';
  const pattern = part
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${hidden}${pattern}$`);
}
