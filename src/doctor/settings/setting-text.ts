import { parseMilliseconds } from '../../base/duration.ts';
import { parseSize } from '../../base/size.ts';
import type { Endpoint, Setting, SettingUnit } from '../rule.ts';

/** Examples of the value of a setting, for error messages. */
export const SETTING_FORMS: Record<SettingUnit, string> = {
  ms: '500ms, 60s, 5m or 1h',
  count: 'a number',
  share: '80% or 0.8',
  'per-second': '10 or 10/s',
  bytes: '4096, 64KiB or 1MiB',
};

/**
 * The value of a setting from text: `60s`, `80%`, `10/s`, `1MiB`, or a plain number in the setting's own unit.
 *
 * @returns undefined for text that is none
 */
export function parseSetting({ unit }: Pick<Setting, 'unit'>, text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z%/]*)$/.exec(text.trim());
  if (match === null) return undefined;
  const value = Number(match[1]);
  const suffix = match[2] ?? '';
  if (suffix === '') return value;
  switch (unit) {
    case 'ms':
      return parseMilliseconds(match[1] + suffix);
    case 'share':
      return suffix === '%' ? value / 100 : undefined;
    case 'per-second':
      return suffix === '/s' ? value : undefined;
    case 'bytes':
      return parseSize(match[1] + suffix);
    case 'count':
      return undefined;
  }
}

/**
 * An endpoint as a user writes it: `db:3306`, `10.0.0.1:5432`, `[::1]:80`.
 *
 * @returns undefined for text that is none
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s=]+)):(\d{1,5})$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || !(port >= 1 && port <= 65535) ? undefined : { host, port };
}

/**
 * An endpoint with a number, `db:3306=50`.
 *
 * @returns undefined for text that is none
 */
export function parseEndpointNumber(text: string): { endpoint: Endpoint; number: number } | undefined {
  const at = text.lastIndexOf('=');
  const endpoint = parseEndpoint(text.slice(0, at));
  const number = text.slice(at + 1).trim();
  return at < 0 || endpoint === undefined || !/^\d{1,9}$/.test(number)
    ? undefined
    : { endpoint, number: Number(number) };
}
