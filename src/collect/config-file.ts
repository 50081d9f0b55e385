import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';
import { Failure } from '../model/failure.ts';
import { isGone } from '../procfs/read.ts';

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
const USUAL = 'socklens.toml';

/**
 * Reads the configuration file.
 *
 * @param path as given; undefined for `socklens.toml` in the working folder, which may be missing
 * @throws {Failure} `usage` for a file that is missing, is no TOML, or says something unknown
 */
export async function readConfig(path: string | undefined): Promise<Config> {
  const file = path ?? USUAL;
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (path === undefined && isGone(error)) return { file };
    throw new Failure('usage', `${file}: cannot be read (${errnoOf(error)})`, { cause: error });
  }
  return { file, ...(await checked(file, text)) };
}

async function checked(file: string, text: string): Promise<Omit<Config, 'file'>> {
  const [{ parse: parseToml }, v] = await Promise.all([import('smol-toml'), import('valibot')]);
  let raw: unknown;
  try {
    raw = parseToml(text);
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
  const [issue] = result.issues;
  throw new Failure('usage', `${file}: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
}
