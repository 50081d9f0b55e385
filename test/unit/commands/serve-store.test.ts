import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServeConfig } from '../../../src/collect/config/config-file.ts';
import { storeSettings } from '../../../src/commands/serve/store-settings.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-store-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const NOTHING = { store: undefined, storeTokenFile: undefined, storeAs: undefined, pushAs: undefined };

function settings(serve: ServeConfig, given: Partial<typeof NOTHING> | { store: string } = {}, env = {}) {
  return storeSettings({ ...NOTHING, ...given }, { serve, file: 'socklens.toml' }, env);
}

function secret(text: string, mode = 0o600): string {
  const file = path.join(folder, `secret-${Math.random()}`);
  fs.writeFileSync(file, text, { mode });
  return file;
}

describe('the store', () => {
  test('is there only where it is configured, the command line before the file', () => {
    expect(settings({})).toBeUndefined();
    expect(settings({ store: 'http://a:1' })?.url).toBe('http://a:1');
    expect(settings({ store: 'http://a:1' }, { store: 'http://b:2' })?.url).toBe('http://b:2');
  });

  test.each([
    ['http://a:9090/', 'http://a:9090'],
    ['http://a:9090/api/v1', 'http://a:9090'],
    ['https://mimir/prometheus/api/v1/', 'https://mimir/prometheus'],
    ['http://vm:8481/select/0/prometheus', 'http://vm:8481/select/0/prometheus'],
  ])('%s is asked below %s', (store, url) => {
    expect(settings({ store })?.target().url).toBe(url);
  });

  test.each(['victoria:8428', 'ftp://a', 'http://user:word@a', 'http://a/?b=c', ''])('%s is refused', (store) => {
    expect(() => settings({ store })).toThrow(/^--store: /);
  });

  test('its host is the one that is pushed as, unless another is named', () => {
    expect(settings({ store: 'http://a' })?.instance).toBeUndefined();
    expect(settings({ store: 'http://a', 'push-as': 'one' })?.instance).toBe('one');
    expect(settings({ store: 'http://a', 'push-as': 'one', 'store-as': 'db:7077' })?.instance).toBe('db:7077');
  });
});

describe('what authorizes', () => {
  const store = 'http://a';

  test('is a token of a file', () => {
    const file = secret('t0ken\n');
    expect(settings({ store, 'store-token-file': file })?.target().headers).toEqual({ authorization: 'Bearer t0ken' });
  });

  test('is any headers of a file or of the environment', () => {
    const text = 'Authorization=Basic%20dXNlcjp3b3Jk==,X-Scope-OrgID=team';
    const headers = { Authorization: 'Basic dXNlcjp3b3Jk==', 'X-Scope-OrgID': 'team' };
    expect(settings({ store, 'store-headers-file': secret(text) })?.target().headers).toEqual(headers);
    expect(settings({ store, 'store-headers-env': 'STORE' }, {}, { STORE: text })?.target().headers).toEqual(headers);
    const both = { store, 'store-headers-file': secret('X-Scope-OrgID=team'), 'store-token-file': secret('t0ken') };
    expect(settings(both)?.target().headers).toEqual({ 'X-Scope-OrgID': 'team', authorization: 'Bearer t0ken' });
  });

  test.each([
    ['readable by others', () => ({ 'store-token-file': secret('s3cret', 0o644) })],
    [
      'two tokens',
      () => ({ 'store-token-file': secret('s3cret'), 'store-headers-file': secret('authorization=s3cret') }),
    ],
    ['two lines', () => ({ 'store-token-file': secret('s3cret\ns3cret') })],
    ['no header', () => ({ 'store-headers-file': secret('s3cret') })],
    ['a header of two lines', () => ({ 'store-headers-file': secret('A=s3cret%0Ax') })],
    ['two places', () => ({ 'store-headers-file': secret('A=s3cret'), 'store-headers-env': 'STORE' })],
    ['no such variable', () => ({ 'store-headers-env': 'STORE' })],
  ])('%s: is refused without being told', (_, more) => {
    const given = settings({ store, ...more() });
    expect(() => given?.target()).toThrow(/^(?!.*s3cret)/s);
    expect(() => given?.target()).toThrow();
  });
});
