import { durationError, parseMilliseconds } from '../../base/duration.ts';
import type { Config, ConfiguredReceiver } from '../../collect/config/config-file.ts';
import { Failure } from '../../model/failure.ts';
import { RECEIVER_DEFAULTS, RECEIVER_TYPES, type Receiver, type ReceiverType } from '../../serve/alerts/receiver.ts';
import { readSecret } from '../../serve/kept/private-file.ts';

/** Their address alone lets everybody post: it is not written into the configuration. */
const SECRET_URL: readonly ReceiverType[] = ['slack', 'discord'];

/** Times may be at most so long, milliseconds. */
const MAX_MS = 7 * 86_400_000;

/**
 * The receivers of the configuration, with their secrets.
 *
 * @param env the environment, for `url-env` and `authorization-env`
 * @throws {Failure} `usage`, without a secret in its text; `not-permitted` for a file of another user
 */
export function receiversOf(
  { alerts = [], file }: Pick<Config, 'alerts' | 'file'>,
  env: Readonly<Record<string, string | undefined>>,
): Receiver[] {
  const names = new Set<string>();
  return alerts.map((one) => {
    const where = `${file}: alerts.${one.name}`;
    if (names.has(one.name)) throw new Failure('usage', `${where}: there are two of this name`);
    names.add(one.name);
    return receiverOf(one, where, env);
  });
}

/**
 * One receiver of the configuration, whatever is missing for the others.
 *
 * @throws {Failure} as {@link receiversOf}; `usage` where there is none of this name
 */
export function receiverNamed(
  { alerts = [], file }: Pick<Config, 'alerts' | 'file'>,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Receiver {
  const [receiver] = receiversOf({ alerts: alerts.filter((one) => one.name === name), file }, env);
  if (receiver !== undefined) return receiver;
  const known = alerts.map((one) => one.name).join(', ');
  throw new Failure('usage', `no receiver ${name} is configured; ${known === '' ? 'there is none' : known}`);
}

function receiverOf(
  one: ConfiguredReceiver,
  where: string,
  env: Readonly<Record<string, string | undefined>>,
): Receiver {
  const type = RECEIVER_TYPES.find((known) => known === one.type);
  if (type === undefined)
    throw new Failure('usage', `${where}: type "${one.type}" is unknown; write ${RECEIVER_TYPES.join(', ')}`);
  if (one.url !== undefined && SECRET_URL.includes(type))
    throw new Failure('usage', `${where}: the address of ${type} is a secret; write url-file or url-env`);
  if (type === 'alertmanager' && [one.wait, one.interval, one.repeat].some((time) => time !== undefined))
    throw new Failure('usage', `${where}: Alertmanager itself waits and repeats; leave out wait, interval and repeat`);
  const url = secretOf(one, 'url', where, env) ?? one.url;
  if (url === undefined) throw new Failure('usage', `${where}: has no address; write url-file, url-env or url`);
  const authorization = secretOf(one, 'authorization', where, env);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a header has none
  if (authorization !== undefined && !/^[^\u0000-\u001f\u007f-\u{10ffff}]+$/u.test(authorization))
    throw new Failure('usage', `${where}: the authorization is no value of a header, such as Bearer TOKEN`);
  return {
    ...{ name: one.name, type, url: addressOf(url, type, where) },
    ...(authorization !== undefined && { authorization }),
    severity: one.severity ?? RECEIVER_DEFAULTS.severity,
    waitMs: timeOf(one.wait, `${where}: wait`, 0) ?? RECEIVER_DEFAULTS.waitMs,
    intervalMs: timeOf(one.interval, `${where}: interval`, 0) ?? RECEIVER_DEFAULTS.intervalMs,
    repeatMs: timeOf(one.repeat, `${where}: repeat`, 1000) ?? RECEIVER_DEFAULTS.repeatMs,
  };
}

/** What a file or a variable holds; undefined where neither is named. */
function secretOf(
  one: ConfiguredReceiver,
  key: 'url' | 'authorization',
  where: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const [file, variable] = [one[`${key}-file`], one[`${key}-env`]];
  const given = [file, variable, key === 'url' ? one.url : undefined].filter((value) => value !== undefined);
  if (given.length > 1) throw new Failure('usage', `${where}: has more than one ${key}`);
  if (file !== undefined) {
    const text = readSecret(file);
    if (text === '') throw new Failure('usage', `${where}: ${file} is empty`);
    return text;
  }
  if (variable === undefined) return undefined;
  const text = env[variable]?.trim() ?? '';
  if (text === '') throw new Failure('usage', `${where}: the environment has no ${variable}`);
  return text;
}

/** An address that can be posted to. Errors do not repeat it. */
function addressOf(text: string, type: ReceiverType, where: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new Failure('usage', `${where}: its address is none of http:// or https://`);
  if (url.username !== '' || url.password !== '')
    throw new Failure('usage', `${where}: its address has a user; write authorization-file or authorization-env`);
  if (type === 'ntfy' && !/\/[\w-]{1,64}\/?$/.test(url.pathname))
    throw new Failure('usage', `${where}: its address has no topic, as https://ntfy.sh/TOPIC has`);
  return text;
}

function timeOf(text: string | undefined, where: string, leastMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseMilliseconds(text);
  if (ms === undefined) throw new Failure('usage', `${where}: ${durationError(text)}`);
  if (ms < leastMs || ms > MAX_MS) throw new Failure('usage', `${where}: ${text} is not from ${leastMs / 1000}s to 7d`);
  return ms;
}
