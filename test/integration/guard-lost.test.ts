/** Events that the kernel drops, for its buffer is small: the budget on them breaks, and rates say that they are lower bounds. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { guard } from '../../src/commands/guard/guard.ts';
import { parseBudget } from '../../src/guard/parse-budget.ts';
import type { GuardReport } from '../../src/model/report/guard.ts';
import { createNetns, nodeProgram, type TestNetns } from '../support/netns.ts';

const CHURN = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');

let netns: TestNetns;
beforeAll(() => {
  netns = createNetns();
});
afterAll(() => netns?.remove());

async function run(
  eventBufferBytes: number | undefined,
): Promise<{ status: number; text: string; report: GuardReport }> {
  let text = '';
  const output = {
    columns: undefined,
    write: (piece: string | Uint8Array) => {
      text += typeof piece === 'string' ? piece : Buffer.from(piece).toString('utf8');
    },
  };
  const context: CommandContext = {
    // From the destroy multicast: where a program in the kernel is left out, connections of other tests do it too.
    machine: localMachine({ DOCKER_HOST: 'unix:///nonexistent', SOCKLENS_BPF: 'off' }),
    out: output,
    err: output,
  };
  const churn = `echo go | nsenter --net=${netns.path} ${nodeProgram()} --disable-warning=ExperimentalWarning ${CHURN} 4000 1 >/dev/null`;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-test-'));
  const report = path.join(folder, 'report.json');
  const status = await guard(context, {
    target: `netns:${netns.name}`,
    argv: ['sh', '-c', churn],
    reports: [report],
    status: false,
    skip: [],
    intervalMs: 200,
    forMs: undefined,
    events: true,
    numeric: true,
    eventBufferBytes,
    settings: {},
    ignore: [],
    declared: { pools: [], serverLimits: [], replicas: [] },
    budgets: [parseBudget('lost events = 0', '--budget'), parseBudget('rate(closes) >= 0/s', '--budget')],
  });
  const written = JSON.parse(fs.readFileSync(report, 'utf8')) as GuardReport;
  fs.rmSync(folder, { recursive: true });
  return { status, text, report: written };
}

it('guard: events lost in a buffer that is too small break the budget on lost events', async () => {
  const { status, text } = await run(2304);
  expect(text).toMatch(/BROKEN {2}lost events = 0\n +[1-9]/);
  expect(text).toContain('the value is a lower bound');
  expect(status).toBe(1);
});

it('guard: the default buffer loses no event of 4,000 connections', async () => {
  const { status, report } = await run(undefined);
  expect(report.budgets[0]).toMatchObject({ budget: 'lost events = 0', verdict: 'held', worst: { value: 0 } });
  expect(status).toBe(0);
});
