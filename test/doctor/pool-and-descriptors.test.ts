/** A pool without a limit of open connections and a low limit of open files, in one container of an ECS task. */
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { diagnose } from '../support/doctor.ts';
import { TestEngine, testEngine } from '../support/engine.ts';
import { nodeContainer } from '../support/recipes/node-container.ts';
import type { PoolPlan } from '../support/recipes/pool.ts';

const engine = testEngine();
const PROGRAM = path.resolve(import.meta.dirname, '../support/recipes/pool-main.ts');

const LABELS = {
  'com.amazonaws.ecs.cluster': 'prod',
  'com.amazonaws.ecs.container-name': 'receiver',
  'com.amazonaws.ecs.task-arn': 'arn:aws:ecs:eu-west-1:1:task/prod/4b1d3ab4f9f04b4e8a4fbb6d0e3b3c11',
  'com.amazonaws.ecs.task-definition-family': 'hooks',
  'com.amazonaws.ecs.task-definition-version': '7',
};

afterAll(async () => {
  if (engine instanceof TestEngine) await engine.removeAll();
});

test('a pool with an idle limit only, and 1024 open files: both are found, with their fixes', {
  timeout: 240_000,
}, async () => {
  if (!(engine instanceof TestEngine)) throw new Error(engine);
  const network = await engine.createNetwork();
  const listens: PoolPlan = { host: '0.0.0.0', port: 3306, holdMs: 600, phases: [] };
  const db = await engine.run({ ...nodeContainer(PROGRAM, listens, 'go'), network });
  const uses: PoolPlan = {
    host: db.name,
    port: 3306,
    serve: false,
    maxIdle: 50,
    holdMs: 600,
    phases: [
      { workers: 10, ms: 4000, thinkMs: 60 },
      { workers: 420, ms: 4000, thinkMs: 60 },
      { workers: 10, ms: 60_000, thinkMs: 60 },
    ],
  };
  const receiver = await engine.run({
    ...nodeContainer(PROGRAM, uses, 'go'),
    network,
    labels: LABELS,
    ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 1024 }],
  });
  const { findings, healthy } = await diagnose(receiver.name, {
    rules: [],
    for: '20s',
    interval: '500ms',
    pools: [`${db.name}:3306=50`],
    env: { DOCKER_HOST: engine.endpoint },
  });
  const named = (rules: readonly string[]) => findings.filter(({ rule }) => rules.includes(rule));
  const snippetsOf = (rules: readonly string[]) =>
    named(rules).flatMap(({ fixes }) => fixes.map(({ where, text, snippet }) => `${where}: ${text}\n${snippet ?? ''}`));
  const seen = findings.map(({ rule, summary }) => `${rule}: ${summary}`).join('\n');

  // `diagnose` accepts the statuses 0 and 1; a finding sets 1.
  expect(healthy, seen).toBe(false);
  const pool = ['POOL_IDLE_CAP_ONLY', 'POOL_OVERRUN'];
  expect(named(pool).length, seen).toBeGreaterThan(0);
  // The pool of the test is a program of Node with mysql2 beside it: the fix is in its words alone.
  expect(snippetsOf(pool).some((text) => text.includes('SetMaxOpenConns'))).toBe(false);
  expect(snippetsOf(pool).some((text) => text.includes('connectionLimit'))).toBe(true);

  const limit = ['NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH'];
  expect(named(limit).length, seen).toBeGreaterThan(0);
  const block = snippetsOf(limit).find((text) => text.includes('"ulimits"')) ?? '';
  expect(block).toMatch(/\{"name": "nofile", "softLimit": \d+, "hardLimit": \d+\}/);
  expect(block).toContain('task definition hooks (revision 7 runs), container definition "receiver"');
  expect(named(limit)[0]?.scope.container).toBe('hooks/receiver');
});
