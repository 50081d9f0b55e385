import { type ByteFile, elfSections, elfSegments } from '../../base/elf.ts';
import { latin1 } from '../../base/latin1.ts';

/** What Go's linker writes about a program, debug/buildinfo. */
export interface GoBuildInfo {
  /** `go1.19.8`. */
  version: string;
  /** Modules with code in the program by path; the version is absent where they were built in their own tree. */
  modules: ReadonlyMap<string, string | undefined>;
}

/** Bytes at the beginning of the first writable segment that are searched where section headers were removed. */
const SEARCHED = 1 << 16;
const HEADER_BYTES = 32;
const ALIGNMENT = 16;
/** `\xff Go buildinf:`. */
const MAGIC = '\xff Go buildinf:';
/** Byte of the flags, and the flag of texts that follow the header: Go 1.18 and newer. */
const FLAGS = 15;
const INLINE = 2;
/** Bytes before and behind the text of the modules. */
const MARKER = 16;
/** A program with a thousand modules has about 100 kB. */
const LONGEST = 1 << 20;

/** @returns undefined for a program that Go 1.18 or newer did not make */
export function readBuildInfo(file: ByteFile): GoBuildInfo | undefined {
  const bytes = buildInfoBytes(file);
  if (bytes === undefined || ((bytes[FLAGS] ?? 0) & INLINE) === 0) return undefined;
  const version = counted(bytes, HEADER_BYTES);
  if (version === undefined) return undefined;
  const modules = counted(bytes, version.end);
  const text = modules?.text ?? '';
  return { version: version.text, modules: parseModules(text.slice(MARKER, -MARKER)) };
}

function buildInfoBytes(file: ByteFile): Uint8Array | undefined {
  const section = elfSections(file)?.find(({ name }) => name === '.go.buildinfo');
  if (section !== undefined) {
    const bytes = file.read(section.offset, Math.min(section.size, LONGEST));
    return bytes !== undefined && latin1(bytes, 0, MAGIC.length) === MAGIC ? bytes : undefined;
  }
  const segment = elfSegments(file)?.find(({ isWritable }) => isWritable);
  if (segment === undefined) return undefined;
  const bytes = file.read(segment.offset, Math.min(segment.size, SEARCHED));
  if (bytes === undefined) return undefined;
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at += ALIGNMENT) {
    if (bytes[at] === 0xff && latin1(bytes, at, at + MAGIC.length) === MAGIC) return bytes.subarray(at);
  }
  return undefined;
}

/** A text with its length before it, a varint of encoding/binary. */
function counted(bytes: Uint8Array, from: number): { text: string; end: number } | undefined {
  let length = 0;
  let at = from;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined || shift > 28) return undefined;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const end = at + length;
  return end > bytes.length ? undefined : { text: latin1(bytes, at, end), end };
}

/**
 * The modules of lines `mod`, `dep` and `=>` (a replacement), separated by tabs: path, version, sum. Lines `build` are
 * passed by: `-ldflags` with secrets stands there.
 */
function parseModules(text: string): Map<string, string | undefined> {
  const modules = new Map<string, string | undefined>();
  let last: string | undefined;
  for (const line of text.split('\n')) {
    const [word, path, version] = line.split('\t');
    if ((word === 'mod' || word === 'dep') && path !== undefined) {
      modules.set(path, versionText(version));
      last = path;
    } else if (word === '=>' && last !== undefined) {
      // A fork or a folder: the code is that of the replacement, its version where it has one.
      modules.set(last, versionText(version));
    }
  }
  return modules;
}

function versionText(version: string | undefined): string | undefined {
  return version !== undefined && /^v\d[\w.+-]*$/.test(version) ? version : undefined;
}
