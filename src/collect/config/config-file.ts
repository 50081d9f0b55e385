import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { issueText } from '../../base/issue-text.ts';
import { Failure } from '../../model/failure.ts';
import { isGone } from '../../procfs/read.ts';
import { openTrusted } from './config-trust.ts';

/** What `socklens.toml` can say; `docs/configuration.md`. */
export interface Config {
  /** Where it was read from, for messages. */
  file: string;
  doctor?: {
    rules?: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
    skip?: readonly string[];
    for?: string;
  };
  guard?: { budgets?: readonly string[] };
  /** Caps of pools by endpoint, `"db:3306" = 50`. */
  pools?: Readonly<Record<string, number>>;
  'server-limits'?: Readonly<Record<string, number>>;
}

/** Looked for in the working folder where no other file is named. */
const DEFAULT_FILE = 'socklens.toml';

/**
 * Reads the configuration file.
 *
 * @param path as given; undefined for `socklens.toml` in the working folder, which may be missing
 * @param owners whose `socklens.toml` is read without having been named, see {@link trustedOwners}
 * @throws {Failure} `usage` for a file that is missing, is not to be trusted, is no TOML, or says something
 *   unknown
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

/** @returns undefined where there is none */
function readDefault(owners: ReadonlySet<number>): string | undefined {
  let opened: number | string;
  try {
    opened = openTrusted(DEFAULT_FILE, owners);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw unreadable(DEFAULT_FILE, error);
  }
  if (typeof opened === 'string') {
    const instead = `to read it all the same: --config ${DEFAULT_FILE}`;
    throw new Failure('usage', `${DEFAULT_FILE} of the working folder is refused: ${opened}; ${instead}`);
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
    // Its tables have no prototype, which a message would call null.
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
