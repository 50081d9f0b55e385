import { elfSections } from '../../base/elf.ts';
import type { ProgramFile } from '../process-view.ts';

/** Read-only data of a larger program is not searched, bytes. */
const LARGEST = 3 << 20;

/**
 * A version in the read-only data of a program.
 *
 * @param pattern its first group is the version; of a text that only this program has
 */
export function binaryVersion(executable: ProgramFile | undefined, pattern: RegExp): string | undefined {
  return executable?.once(`version ${pattern.source}`, () => {
    const section = elfSections(executable)?.find(({ name }) => name === '.rodata');
    if (section === undefined || section.size > LARGEST) return undefined;
    const text = executable.text(section.offset, section.size);
    return text === undefined ? undefined : pattern.exec(text)?.[1];
  });
}
