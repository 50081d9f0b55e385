import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ConfiguredReceiver } from '../../../src/collect/config/config-file.ts';
import { receiverNamed, receiversOf } from '../../../src/commands/serve/receivers.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-receivers-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const SECRET = 'https://hooks.slack.com/services/T000/secret';

function file(name: string, text: string, mode = 0o600): string {
  const where = path.join(folder, name);
  fs.writeFileSync(where, text);
  fs.chmodSync(where, mode);
  return where;
}

const of = (one: Partial<ConfiguredReceiver>, env = {}) =>
  receiversOf({ file: 'socklens.toml', alerts: [{ name: 'ops', type: 'slack', ...one }] }, env);

describe('a receiver of the configuration', () => {
  test('has its secrets from files and the environment, and defaults', () => {
    const expected = {
      ...{ name: 'ops', type: 'slack', url: SECRET, severity: 'warning' },
      ...{ waitMs: 30_000, intervalMs: 300_000, repeatMs: 14_400_000 },
    };
    expect(of({ 'url-file': file('url', `${SECRET}\n`) })).toEqual([expected]);
    expect(of({ 'url-env': 'HOOK', wait: '0', repeat: '1d', severity: 'info' }, { HOOK: SECRET })).toEqual([
      { ...expected, waitMs: 0, repeatMs: 86_400_000, severity: 'info' },
    ]);
    const more = { type: 'ntfy', url: 'https://ntfy.sh/topic', 'authorization-env': 'TOKEN' };
    expect(of(more, { TOKEN: 'Bearer tk_1' })).toMatchObject([{ type: 'ntfy', authorization: 'Bearer tk_1' }]);
  });

  test.each([
    [{ type: 'mail', url: 'http://h/' }, 'type "mail" is unknown'],
    [{ url: SECRET }, 'is a secret; write url-file or url-env'],
    [{}, 'has no address'],
    [{ 'url-env': 'NONE' }, 'the environment has no NONE'],
    [{ 'url-env': 'HOOK', 'url-file': '/x' }, 'more than one url'],
    [{ type: 'webhook', url: 'ftp://h/' }, 'none of http'],
    [{ type: 'webhook', url: 'https://user:pass@h/' }, 'has a user'],
    [{ type: 'ntfy', url: 'https://ntfy.sh/' }, 'has no topic'],
    [{ type: 'alertmanager', url: 'http://am:9093', wait: '1s' }, 'Alertmanager itself waits'],
    [{ 'url-env': 'HOOK', wait: '5' }, 'has no unit'],
    [{ 'url-env': 'HOOK', repeat: '0' }, 'is not from 1s to 7d'],
    [{ type: 'webhook', url: 'http://h/', 'authorization-env': 'LINES' }, 'no value of a header'],
  ])('%j is refused', (one, text) => {
    const refused = () => of(one, { HOOK: SECRET, LINES: 'a\nb' });
    expect(refused).toThrow(`socklens.toml: alerts.ops: `);
    expect(refused).toThrow(text);
  });

  test('errors repeat no secret, and files that others may read are refused', () => {
    const where = file('open', SECRET, 0o640);
    expect(() => of({ 'url-file': where })).toThrow(`${where}: others may read it (mode 640); run chmod 600`);
    expect(() => of({ 'url-file': path.join(folder, 'none') })).toThrow('cannot be read');
    for (const text of ['secret-word', 'https://user:secret-word@h/']) {
      try {
        of({ 'url-env': 'HOOK' }, { HOOK: text });
        expect.unreachable();
      } catch (error) {
        expect((error as Error).message).not.toContain('secret-word');
      }
    }
    const two = [{ name: 'a', type: 'webhook', url: 'http://h/' }];
    expect(() => receiversOf({ file: 'f', alerts: [...two, ...two] }, {})).toThrow('two of this name');
  });

  test('is found by its name, whatever others lack', () => {
    const alerts = [
      { name: 'broken', type: 'slack', 'url-env': 'NONE' },
      { name: 'hook', type: 'webhook', url: 'http://h/' },
    ];
    expect(receiverNamed({ file: 'f', alerts }, 'hook', {})).toMatchObject({ name: 'hook' });
    expect(() => receiverNamed({ file: 'f', alerts }, 'x', {})).toThrow('no receiver x is configured; broken, hook');
    expect(() => receiverNamed({ file: 'f' }, 'x', {})).toThrow('there is none');
  });
});
