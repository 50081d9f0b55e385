import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { issueText } from '../../base/issue-text.ts';
import { Failure } from '../../model/failure.ts';
import { isGone } from '../../procfs/read.ts';
import { openTrusted } from './config-trust.ts';

/** Settings of `socklens.toml`; docs/configuration.md. A setting that the file does not have is absent. */
export interface Config {
  /** Path of the file, for messages; the default file's name where none was read. */
  file: string;
  doctor?: {
    rules?: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
    skip?: readonly string[];
    for?: string;
  };
  guard?: { budgets?: readonly string[] };
  /** Connection limits of pools by endpoint, `"db:3306" = 50`. */
  pools?: Readonly<Record<string, number>>;
  'server-limits'?: Readonly<Record<string, number>>;
}

/** Read from the working folder when no file is given. */
const DEFAULT_FILE = 'socklens.toml';

/**
 * Reads the configuration file.
 *
 * @param path of `--config`; undefined for `socklens.toml` in the working folder, which may be missing
 * @param owners uids whose default file is trusted, see {@link trustedOwners}
 * @throws {Failure} `usage` for a file that is missing, not trusted or not TOML, or has an unknown setting
 */
export async function readConfig(path: string | undefined, owners: ReadonlySet<number>): Promise<Config> {
  const file = path ?? DEFAULT_FILE;
  const text = path === undefined ? readDefault(owners) : readNamed(path);
  return text === undefined ? { file } : { file, ...(await checked(file, text)) };
}

function readNamed(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** @returns undefined when there is no such file */
function readDefault(owners: ReadonlySet<number>): string | undefined {
  let opened: number | string;
  try {
    opened = openTrusted(DEFAULT_FILE, owners);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw unreadable(DEFAULT_FILE, error);
  }
  if (typeof opened === 'string') {
    const remedy = `pass --config ${DEFAULT_FILE} to read it anyway`;
    throw new Failure('usage', `refusing to read ${DEFAULT_FILE} from the working folder: ${opened}; ${remedy}`);
  }
  try {
    return fs.readFileSync(opened, 'utf8');
  } finally {
    fs.closeSync(opened);
  }
}

function unreadable(path: string, error: unknown): Failure {
  return new Failure('usage', `${path}: cannot be read (${errnoOf(error)})`, { cause: error });
}

async function checked(file: string, text: string): Promise<Omit<Config, 'file'>> {
  const [{ parse: parseToml }, v] = await Promise.all([import('smol-toml'), import('valibot')]);
  let raw: unknown;
  try {
    // The parser's tables have no prototype, so that messages would name their type as null.
    raw = structuredClone(parseToml(text));
  } catch (error) {
    throw new Failure('usage', `${file}: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
  const number = v.pipe(v.number(), v.integer(), v.minValue(1));
  const shape = v.strictObject({
    doctor: v.optional(
      v.strictObject({
        for: v.optional(v.string()),
        skip: v.optional(v.array(v.string())),
        rules: v.optional(v.record(v.string(), v.record(v.string(), v.union([v.string(), v.number()])))),
      }),
    ),
    guard: v.optional(v.strictObject({ budgets: v.optional(v.array(v.string())) })),
    pools: v.optional(v.record(v.string(), number)),
    'server-limits': v.optional(v.record(v.string(), number)),
  });
  const result = v.safeParse(shape, raw);
  if (result.success) return result.output as Omit<Config, 'file'>;
  throw new Failure('usage', `${file}: ${issueText(result.issues[0], 'the file')}`);
}
