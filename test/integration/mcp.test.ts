/** The Model Context Protocol, asked by the client of its SDK, about a namespace whose sockets the test made. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_VERBS } from '../../src/serve/api/verbs.ts';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { startServe } from '../support/page/serve.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const CONNECTIONS = 7;

/** Of `serve`. */
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-mcp-'));
let netns: TestNetns;
let client: Client;

beforeAll(async () => {
  netns = createNetns();
  const [server, peer] = [await Workshop.start(netns), await Workshop.start(netns)];
  const listener = await server.tcpListener('127.0.0.1', 3306, 64);
  for (let made = 0; made < CONNECTIONS; made++) await peer.connect(await peer.socket(AF.INET, SOCK.STREAM), listener);
  client = new Client({ name: 'test', version: '1' });
  const env = { ...process.env } as Record<string, string>;
  const args = ['mcp', '--data', data];
  await client.connect(new StdioClientTransport({ command: LAUNCHER, args, env, stderr: 'inherit' }));
});

afterAll(async () => {
  await client?.close();
  removeAllNetns();
  fs.rmSync(data, { recursive: true, force: true });
});

/** The text of an answer. */
async function call(name: string, given: Record<string, unknown>): Promise<{ text: string; isError: boolean }> {
  const answer = await client.callTool({ name, arguments: given });
  const [content] = answer.content as { type: string; text: string }[];
  return { text: content?.text ?? '', isError: answer.isError === true };
}

/** The document within an answer. */
async function document(name: string, given: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { text, isError } = await call(name, given);
  const [, mark, inside = ''] = /<untrusted-([0-9a-f]{16})>\n(.*)\n<\/untrusted-\1>$/s.exec(text) ?? [];
  expect({ isError, mark }, text).toEqual({ isError: false, mark: expect.any(String) });
  return JSON.parse(inside) as Record<string, unknown>;
}

const target = () => `netns:${netns.name}`;

test('there is a read-only tool for each command of the API, and two for incidents', async () => {
  const { tools } = await client.listTools();
  const names = [...Object.keys(API_VERBS), 'incidents', 'incident_doctor'];
  expect(tools.map(({ name }) => name).sort()).toEqual(names.sort());
  for (const { name, annotations, description, inputSchema } of tools) {
    expect(annotations, name).toMatchObject({ readOnlyHint: true, destructiveHint: false });
    expect(description, name).not.toBe('');
    expect(inputSchema.additionalProperties, name).toBe(false);
  }
});

describe('answers', () => {
  test('ls counts what ss counts', async () => {
    const rows = netns.run('ss', '-Htn', 'state', 'established').trim().split('\n').length;
    expect(rows).toBe(2 * CONNECTIONS);
    const { groups } = await document('ls', { target: target(), by: 'state', tcp: true });
    expect(groups).toContainEqual(expect.objectContaining({ count: rows }));
  });

  test('the doctor names a pool above its cap, and explain its rule', async () => {
    const cap = { target: target(), for: '1s', rule: 'POOL_OVERRUN', pool: '127.0.0.1:3306=5' };
    const { healthy, problems } = await document('doctor', cap);
    expect({ healthy, problems }).toMatchObject({ healthy: false, problems: [{ rule: 'POOL_OVERRUN' }] });
    expect(JSON.stringify(await document('explain', { rule: 'POOL_OVERRUN' }))).toContain('POOL_OVERRUN');
  });
});

describe('incidents of a running serve', () => {
  const NAME = 'checkout is slow\u202e <b>';

  test('are listed, and the doctor says of one what it says of its file', async () => {
    expect(await document('incidents', {})).toMatchObject({ incidents: [] });
    const serve = await startServe([target()], { data });
    try {
      await until('the first sample', async () => (await fetch(`${serve.origin}/readyz`)).ok);
      const saved = socklens(['incident', 'save', NAME, '--data', data]);
      expect(saved.status).toBe(0);
      const id = saved.stdout.trim();
      const kept = await document('incidents', {});
      const [listed] = kept.incidents as { id: string; state: string; name: string }[];
      expect(listed).toMatchObject({ id, state: 'recording' });
      // What is written to change the direction of text is an escape in the answer.
      expect((await call('incidents', {})).text).not.toContain('\u202e');
      expect(await call('incident_doctor', { id })).toMatchObject({
        isError: true,
        text: expect.stringContaining('no recording yet'),
      });
    } finally {
      await serve.stop();
    }
    const { incidents } = (await document('incidents', {})) as { incidents: { id: string; state: string }[] };
    const [{ id, state } = { id: '', state: '' }] = incidents;
    expect([incidents.length, state]).toEqual([1, 'saved']);
    const answered = await document('incident_doctor', { id });
    const file = path.join(data, 'incidents', `${id}.slr`);
    const printed = JSON.parse(socklens(['doctor', '--from', file, '--json']).stdout) as Record<string, unknown>;
    expect([answered.healthy, answered.problems]).toEqual([printed.healthy, printed.problems]);
    const one = await document('incident_doctor', { id, rule: 'POOL_OVERRUN', pool: '127.0.0.1:3306=5' });
    expect(one).toMatchObject({ healthy: false, problems: [{ rule: 'POOL_OVERRUN' }] });
  });

  test.each([
    [{ id: '20200101-000000' }, 'no such incident'],
    [{ id: '../../../etc/shadow' }, 'no such incident'],
    [{ id: '20200101-000000', from: '/etc/shadow' }, 'additional'],
    [{}, 'id'],
  ])('refused: %j', async (given, text) => {
    const answer = await call('incident_doctor', given).catch((error: Error) => ({
      isError: true,
      text: error.message,
    }));
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining(text) });
  });
});

describe('refusals are answers', () => {
  test.each([
    ['ls', { target: 'netns:there-is-none' }, 'there-is-none'],
    ['ls', { target: 'host', filter: 'dport ==' }, 'dport'],
    ['events', { for: '1h' }, 'at most 60s'],
    ['explain', { rule: 'NO_RULE' }, 'NO_RULE'],
    ['ls', { target: '--from=/etc/shadow' }, 'target'],
  ])('%s %j', async (name, given, text) => {
    const answer = await call(name, given);
    expect(answer).toMatchObject({ isError: true, text: expect.stringContaining(text) });
  });

  test('an argument that no tool has', async () => {
    const answer = await client
      .callTool({ name: 'ls', arguments: { target: 'host', from: '/etc/shadow' } })
      .then(({ isError, content }) => ({ isError, text: JSON.stringify(content) }))
      .catch((error: Error) => ({ isError: true, text: error.message }));
    expect(answer).toMatchObject({ isError: true, text: expect.stringMatching(/from|additional/) });
  });
});
