import { Failure } from '../../model/failure.ts';
import { readSecret } from '../../serve/kept/private-file.ts';

/** Where headers that authorize are: a file, or a variable of the environment. */
export interface SecretHeaders {
  file: string | undefined;
  variable: string | undefined;
}

/**
 * The headers of a file or a variable that the configuration names; undefined where it names none.
 *
 * @param where names a setting, of `headers-file` or `headers-env`
 * @throws {Failure} `usage`, without a secret in its text
 */
export function secretHeaders(
  { file, variable }: SecretHeaders,
  env: Readonly<Record<string, string | undefined>>,
  where: (key: string) => string,
): Record<string, string> | undefined {
  if (file !== undefined && variable !== undefined)
    throw new Failure('usage', `${where('headers-file')}: has headers-env too`);
  if (file !== undefined) return headersOf(readSecret(file), where('headers-file'));
  if (variable === undefined) return undefined;
  const text = env[variable];
  if (!text) throw new Failure('usage', `${where('headers-env')}: the environment has no ${variable}`);
  return headersOf(text, where('headers-env'));
}

/** `NAME=VALUE,NAME=VALUE`, as OpenTelemetry writes headers. @throws {Failure} `usage` */
export function headersOf(text: string, where: string): Record<string, string> {
  const headers = pairsOf(text, where);
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value))
      throw new Failure('usage', `${where}: has no header that can be sent; write NAME=VALUE,NAME=VALUE`);
  }
  return headers;
}

/** `a=1,b=2`, percent-encoded, as in the header `baggage`. @throws {Failure} `usage` */
export function pairsOf(text: string, where: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      if (name === undefined || value === undefined)
        throw new Failure('usage', `${where}: write NAME=VALUE,NAME=VALUE`);
      return [decoded(name), decoded(value)];
    }),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
