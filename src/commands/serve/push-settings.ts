import os from 'node:os';
import path from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };
import type { ServeConfig } from '../../collect/config/config-file.ts';
import { Failure } from '../../model/failure.ts';
import { readToken } from '../../serve/kept/token.ts';
import type { Metrics } from '../../serve/metrics/metrics.ts';
import { Pusher } from '../../serve/push/pusher.ts';
import { parsePushInterval } from './sizes.ts';

/** Options of pushing as typed; undefined for one that was not given. */
export interface GivenPush {
  push: string | undefined;
  pushInterval: number | undefined;
  pushTokenFile: string | undefined;
  pushAs: string | undefined;
}

/** Where metrics are pushed, and how often. */
export interface PushSettings {
  url: string;
  intervalMs: number;
  tokenFile: string | undefined;
  /** Label `instance`. */
  instance: string;
}

const DEFAULT_INTERVAL_MS = 15_000;

/**
 * Settings in force: the command line before the file; undefined where nothing is pushed.
 *
 * @throws {Failure} `usage`
 */
export function pushSettings(given: GivenPush, inFile: ServeConfig): PushSettings | undefined {
  const url = given.push ?? inFile.push;
  if (url === undefined) return undefined;
  const intervalText = inFile['push-interval'];
  return {
    url: checkedUrl(url, '--push'),
    intervalMs:
      given.pushInterval ?? (intervalText === undefined ? DEFAULT_INTERVAL_MS : parsePushInterval(intervalText)),
    tokenFile: given.pushTokenFile ?? inFile['push-token-file'],
    instance: given.pushAs ?? inFile['push-as'] ?? os.hostname(),
  };
}

/**
 * An URL of HTTP, without a password: command lines and messages have it.
 *
 * @throws {Failure} `usage`
 */
export function checkedUrl(text: string, option: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Failure('usage', `${option}: "${text}" is no URL; write http://HOST:PORT/PATH`);
  if (url.password !== '' || url.username !== '')
    throw new Failure(
      'usage',
      `${option}: write no password into the URL, which others can read; use ${option}-token-file`,
    );
  return text;
}

/** Begins to push. @returns a function that ends it, and one that says what is wrong */
export function startPushing({ url, intervalMs, tokenFile, instance }: PushSettings, data: string, metrics: Metrics) {
  const token = tokenFile === undefined ? undefined : readToken(tokenFile);
  const pusher = new Pusher({
    target: { url, token, version: manifest.version },
    host: os.hostname(),
    instance,
    metrics,
    folder: path.join(data, 'push'),
  });
  const timer = setInterval(() => pusher.round(), intervalMs);
  return {
    trouble: () => pusher.failure && `--push ${new URL(url).host}: ${pusher.failure}`,
    async close() {
      clearInterval(timer);
      await pusher.close();
    },
  };
}
