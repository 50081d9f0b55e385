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
  /** Findings that are ignored on purpose. */
  ignore?: readonly ConfiguredIgnore[];
  /** Instances of services on all hosts together, `webhook = 4`. */
  replicas?: Readonly<Record<string, number>>;
  /** Options of `serve`, by their names on the command line, as typed there. */
  serve?: ServeConfig;
  privacy?: { external_addresses?: 'keep' | 'truncate' };
  /** Receivers of alerts of `serve`. */
  alerts?: readonly ConfiguredReceiver[];
  /** Where `serve` exports metrics and problems by OpenTelemetry's protocol. */
  otlp?: {
    endpoint?: string;
    'headers-file'?: string;
    'headers-env'?: string;
    interval?: string;
    compression?: 'gzip' | 'none';
    metrics?: boolean;
    logs?: boolean;
  };
}

/** The section `[serve]`. */
export interface ServeConfig {
  targets?: readonly string[];
  listen?: string;
  all?: boolean;
  interval?: string;
  data?: string;
  keep?: string;
  'history-size'?: string;
  recorder?: string;
  'token-file'?: string;
  'no-token'?: boolean;
  'allow-host'?: readonly string[];
  'tls-cert'?: string;
  'tls-key'?: string;
  'allow-actions'?: boolean;
  'external-url'?: string;
  hosts?: readonly string[];
  'hosts-only'?: boolean;
  push?: string;
  'push-interval'?: string;
  'push-token-file'?: string;
  'push-as'?: string;
  store?: string;
  'store-token-file'?: string;
  'store-headers-file'?: string;
  'store-headers-env'?: string;
  'store-as'?: string;
  'metrics-listen'?: string;
  'metrics-token-file'?: string;
  'metrics-open'?: boolean;
  'metrics-peers'?: boolean;
  'metrics-histograms'?: boolean;
}

/** An entry `[[alerts]]`, as written. */
export interface ConfiguredReceiver {
  name: string;
  type: string;
  url?: string;
  'url-file'?: string;
  'url-env'?: string;
  'authorization-file'?: string;
  'authorization-env'?: string;
  severity?: 'critical' | 'warning' | 'info';
  wait?: string;
  interval?: string;
  repeat?: string;
}

/** An entry `[[ignore]]`, as written. */
export interface ConfiguredIgnore {
  rule: string;
  target?: string;
  until?: Date;
  why: string;
}

/** Read from the working folder when no file is given. */
const DEFAULT_FILE = 'socklens.toml';

/** What a service reads when no file is given: never the working folder. */
export const SERVICE_FILE = '/etc/socklens/socklens.toml';

/**
 * Reads the configuration file.
 *
 * @param path of `--config`; undefined for the default file, which may be missing
 * @param owners uids whose default file is trusted, see {@link trustedOwners}
 * @param defaultFile `socklens.toml` in the working folder, or {@link SERVICE_FILE}
 * @throws {Failure} `usage` for a file that is missing, not trusted or not TOML, or has an unknown setting
 */
export async function readConfig(
  path: string | undefined,
  owners: ReadonlySet<number>,
  defaultFile = DEFAULT_FILE,
): Promise<Config> {
  const file = path ?? defaultFile;
  const text = path === undefined ? readDefault(defaultFile, owners) : readNamed(path);
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
function readDefault(file: string, owners: ReadonlySet<number>): string | undefined {
  let opened: number | string;
  try {
    opened = openTrusted(file, owners);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw unreadable(file, error);
  }
  if (typeof opened === 'string') {
    const where = file === DEFAULT_FILE ? `${file} from the working folder` : file;
    throw new Failure('usage', `refusing to read ${where}: ${opened}; pass --config ${file} to read it anyway`);
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
    replicas: v.optional(v.record(v.string(), number)),
    ignore: v.optional(
      v.array(
        v.strictObject({
          rule: v.string(),
          target: v.optional(v.pipe(v.string(), v.nonEmpty('write a name, or leave it out for every target'))),
          until: v.optional(v.date('write a date, 2027-03-01 without quotes')),
          why: v.pipe(v.string(), v.nonEmpty('write the reason, for whoever reads it next')),
        }),
      ),
    ),
    serve: v.optional(
      v.strictObject({
        targets: v.optional(v.array(v.string())),
        listen: v.optional(v.string()),
        all: v.optional(v.boolean()),
        interval: v.optional(v.string()),
        data: v.optional(v.string()),
        keep: v.optional(v.string()),
        'history-size': v.optional(v.string()),
        recorder: v.optional(v.string()),
        'token-file': v.optional(v.string()),
        'no-token': v.optional(v.boolean()),
        'allow-host': v.optional(v.array(v.string())),
        'tls-cert': v.optional(v.string()),
        'tls-key': v.optional(v.string()),
        'allow-actions': v.optional(v.boolean()),
        'external-url': v.optional(v.string()),
        hosts: v.optional(v.array(v.string())),
        'hosts-only': v.optional(v.boolean()),
        push: v.optional(v.string()),
        'push-interval': v.optional(v.string()),
        'push-token-file': v.optional(v.string()),
        'push-as': v.optional(v.string()),
        store: v.optional(v.string()),
        'store-token-file': v.optional(v.string()),
        'store-headers-file': v.optional(v.string()),
        'store-headers-env': v.optional(v.string()),
        'store-as': v.optional(v.string()),
        'metrics-listen': v.optional(v.string()),
        'metrics-token-file': v.optional(v.string()),
        'metrics-open': v.optional(v.boolean()),
        'metrics-peers': v.optional(v.boolean()),
        'metrics-histograms': v.optional(v.boolean()),
      }),
    ),
    alerts: v.optional(
      v.array(
        v.strictObject({
          name: v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/, 'write a name of letters, digits and -_.')),
          type: v.string(),
          url: v.optional(v.string()),
          'url-file': v.optional(v.string()),
          'url-env': v.optional(v.string()),
          'authorization-file': v.optional(v.string()),
          'authorization-env': v.optional(v.string()),
          severity: v.optional(v.picklist(['critical', 'warning', 'info'])),
          wait: v.optional(v.string()),
          interval: v.optional(v.string()),
          repeat: v.optional(v.string()),
        }),
      ),
    ),
    otlp: v.optional(
      v.strictObject({
        endpoint: v.optional(v.string()),
        'headers-file': v.optional(v.string()),
        'headers-env': v.optional(v.string()),
        interval: v.optional(v.string()),
        compression: v.optional(v.picklist(['gzip', 'none'])),
        metrics: v.optional(v.boolean()),
        logs: v.optional(v.boolean()),
      }),
    ),
    privacy: v.optional(v.strictObject({ external_addresses: v.optional(v.picklist(['keep', 'truncate'])) })),
  });
  const result = v.safeParse(shape, raw);
  if (result.success) return result.output as Omit<Config, 'file'>;
  throw new Failure('usage', `${file}: ${issueText(result.issues[0], 'the file')}`);
}
