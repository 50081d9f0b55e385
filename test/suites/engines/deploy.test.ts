/** What deploy/ has for Prometheus, Grafana and Compose, with the real programs. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DASHBOARD_ROWS, DASHBOARD_VARIABLES } from '../../../scripts/dashboard/panels.ts';
import { type MetricsEngine, startPrometheus } from '../../support/engines/engines.ts';
import { removeEngines, startProgram, WHY_NO_ENGINES } from '../../support/engines/program.ts';
import { createNetns, nodeProgram, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

const DEPLOY = path.resolve(import.meta.dirname, '../../../deploy');
const RULES = path.join(DEPLOY, 'prometheus/socklens.rules.yml');

/** An expression over a time needs two scrapes, beside all else that a machine does. */
const SEEN_MS = 180_000;

/** A program that is connected to itself for a moment, and leaves a TIME_WAIT behind. */
const COMES_AND_GOES = `
  const server = require('node:net').createServer((socket) => socket.end('x').resume());
  server.listen(0, '127.0.0.1', () => {
    const socket = require('node:net').connect(server.address().port, '127.0.0.1');
    socket.resume().on('close', () => server.close());
  });
`;

function promtool(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

describe.skipIf(WHY_NO_ENGINES !== '')(
  `deploy${WHY_NO_ENGINES && `: ${WHY_NO_ENGINES}`}`,
  { timeout: 4 * SEEN_MS },
  () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-deploy-'));
    afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

    it('rules: clean for promtool, and their own tests pass', () => {
      expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', RULES)).toMatchObject({ status: 0 });
      const tested = promtool('test', 'rules', path.join(DEPLOY, 'prometheus/socklens.rules.test.yml'));
      expect([tested.status, tested.output]).toEqual([0, expect.stringContaining('SUCCESS')]);
    });

    it('rules: each alert has a test', () => {
      const { groups } = parse(fs.readFileSync(RULES, 'utf8')) as { groups: { rules: { alert?: string }[] }[] };
      const tests = fs.readFileSync(path.join(DEPLOY, 'prometheus/socklens.rules.test.yml'), 'utf8');
      for (const alert of groups.flatMap(({ rules }) => rules.flatMap((rule) => rule.alert ?? [])))
        expect(tests).toContain(`alertname: ${alert}\n`);
    });

    it.each(['scrape-static.yml', 'scrape-file.yml', 'scrape-http.yml', 'scrape-kubernetes.yml'])(
      '%s: Prometheus takes it',
      (name) => {
        const text = fs.readFileSync(path.join(DEPLOY, 'prometheus', name), 'utf8');
        // Debian's Prometheus is built without the discovery of Kubernetes.
        const known = text.replace(/ {4}kubernetes_sd_configs:\n(?: {6}.*\n)+/, '');
        expect(known.includes('kubernetes_sd')).toBe(false);
        const file = path.join(folder, name);
        fs.writeFileSync(file, known);
        expect(promtool('check', 'config', '--syntax-only', file)).toMatchObject({ status: 0 });
      },
    );

    it('Compose: its configurations are taken by the real programs, and every file that it mounts is there', async () => {
      const compose = path.join(DEPLOY, 'compose');
      expect(promtool('check', 'config', '--syntax-only', path.join(compose, 'scrape.yml'))).toMatchObject({
        status: 0,
      });
      const { services } = parse(fs.readFileSync(path.join(compose, 'compose.yaml'), 'utf8')) as {
        services: Record<string, { volumes?: string[] }>;
      };
      const files = Object.values(services).flatMap(({ volumes = [] }) =>
        volumes.map((volume) => volume.split(':')[0] ?? ''),
      );
      for (const file of files.filter((one) => one.startsWith('.')))
        expect([file, fs.existsSync(path.join(compose, file))]).toEqual([file, true]);
      const cluster = '--cluster.listen-address=';
      await startProgram(
        'prometheus-alertmanager',
        (port, data) => [
          `--config.file=${path.join(compose, 'alertmanager.yml')}`,
          `--storage.path=${data}`,
          `--web.listen-address=127.0.0.1:${port}`,
          cluster,
        ],
        '/-/ready',
      );
      await removeEngines();
    });

    describe('the dashboard, over a real Prometheus that scrapes a real serve', () => {
      let netns: TestNetns;
      let population: Population;
      let serve: ServeRun;
      let engine: MetricsEngine;

      beforeAll(async () => {
        netns = createNetns();
        population = await populate(netns);
        await population.order({ port: 8080, open: 30, closing: 6 });
        serve = await startServe([`pid:${population.pid}`]);
        const jobs = `  - job_name: socklens\n    static_configs: [{targets: ["${new URL(serve.origin).host}"]}]\n`;
        engine = await startPrometheus({ jobs, rules: RULES });
      }, 180_000);
      afterAll(async () => {
        await serve?.stop();
        await removeEngines();
        removeAllNetns();
      });

      /** As Grafana sends it, for everything. */
      function asked(expr: string): string {
        return expr
          .replaceAll('$__rate_interval', '1m')
          .replaceAll('$instance', '.*')
          .replaceAll('$container', `pid:${population.pid}`);
      }

      it('no expression is empty', async () => {
        const left = new Map(
          DASHBOARD_ROWS.flatMap(({ panels }) =>
            panels.flatMap(({ title, queries }) => queries.map(({ expr }) => [expr, title] as const)),
          ),
        );
        await until(
          'an answer to each expression',
          async () => {
            // Connections come and go in order, so that all that can be counted is there.
            netns.run(nodeProgram(), '-e', COMES_AND_GOES);
            for (const expr of left.keys()) {
              const series = await engine.query(asked(expr));
              const isThere = series.length > 0 && series.every(({ value }) => Number.isFinite(value));
              if (isThere) left.delete(expr);
            }
            return left.size === 0;
          },
          SEEN_MS,
        ).catch((error: Error) => {
          throw new Error(`${error.message}; empty: ${[...left.values()].join(', ')}`);
        });
      });

      it('each variable has values', async () => {
        for (const { name, metric } of DASHBOARD_VARIABLES) {
          const answer = (await engine.ask(`/api/v1/label/${name}/values?match[]=${metric}`)) as { data: string[] };
          expect(answer.data.length).toBeGreaterThan(0);
        }
      });

      it('the rules are evaluated, and a recorded series is there', async () => {
        await until(
          'the recorded ratio',
          async () => (await engine.query('socklens:container_fds:ratio')).length > 0,
          SEEN_MS,
        );
        const { data } = (await engine.ask('/api/v1/rules')) as {
          data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
        };
        const unwell = data.groups.flatMap(({ rules }) => rules.filter(({ health }) => health === 'err'));
        expect(unwell).toEqual([]);
      });
    });
  },
);
