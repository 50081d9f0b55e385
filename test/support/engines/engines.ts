import fs from 'node:fs';
import path from 'node:path';
import { type EngineProgram, startProgram } from './program.ts';

/** A series of an answer: its labels and its value. */
export interface QueriedSeries {
  metric: Readonly<Record<string, string>>;
  value: number;
}

/** Prometheus, or VictoriaMetrics, which speaks its API. */
export interface MetricsEngine extends EngineProgram {
  /** Asks an expression, now. */
  query(expression: string): Promise<QueriedSeries[]>;
  /** Asks any path of its API. @returns its JSON */
  ask(pathAndQuery: string): Promise<unknown>;
}

/** How an engine is started. */
export interface EngineOptions {
  /** Jobs, as YAML below `scrape_configs`; none for an engine that only receives. */
  jobs?: string;
  /** Path of a file with rules; Prometheus alone. */
  rules?: string;
  /** How late samples may be; Prometheus alone. */
  outOfOrder?: string;
  /** Further YAML at the top; Prometheus alone. */
  more?: string;
  /** Address to listen on, one that loopback reaches too: `0.0.0.0`; absent for loopback alone. */
  address?: string;
  /** Port and folder of an earlier one, which has ended. */
  again?: { port: number; folder: string | undefined };
}

const SCRAPING = 'global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n';

/** Starts Prometheus, which scrapes every second. */
export async function startPrometheus({
  jobs,
  rules,
  outOfOrder,
  more,
  address,
  again,
}: EngineOptions): Promise<MetricsEngine> {
  const program = await startProgram(
    'prometheus',
    (port, folder) => {
      const file = path.join(folder, 'prometheus.yml');
      const late = outOfOrder === undefined ? '' : `storage:\n  tsdb:\n    out_of_order_time_window: ${outOfOrder}\n`;
      const rule = rules === undefined ? '' : `rule_files: ["${rules}"]\n`;
      fs.writeFileSync(
        file,
        `${SCRAPING}${late}${rule}${more ?? ''}${jobs === undefined ? '' : `scrape_configs:\n${jobs}`}`,
      );
      return [
        `--config.file=${file}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=${address ?? '127.0.0.1'}:${port}`,
        '--web.enable-remote-write-receiver',
      ];
    },
    '/-/ready',
    again,
  );
  return engineOf(program);
}

/** Starts VictoriaMetrics, which scrapes every second. */
export async function startVictoriaMetrics({ jobs, address, again }: EngineOptions): Promise<MetricsEngine> {
  const program = await startProgram(
    'victoria-metrics',
    (port, folder) => {
      const file = path.join(folder, 'scrape.yml');
      if (jobs !== undefined) fs.writeFileSync(file, `global:\n  scrape_interval: 1s\nscrape_configs:\n${jobs}`);
      return [
        `-storageDataPath=${path.join(folder, 'data')}`,
        `-httpListenAddr=${address ?? '127.0.0.1'}:${port}`,
        '-retentionPeriod=1',
        '-search.latencyOffset=0s',
        '-memory.allowedPercent=5',
        ...(jobs === undefined ? [] : [`-promscrape.config=${file}`]),
      ];
    },
    '/health',
    again,
  );
  return engineOf(program);
}

function engineOf(program: EngineProgram): MetricsEngine {
  const ask = async (pathAndQuery: string) => {
    const answer = await fetch(`${program.url}${pathAndQuery}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${pathAndQuery}: ${answer.status} ${text}`);
    return JSON.parse(text) as unknown;
  };
  return {
    ...program,
    ask,
    async query(expression) {
      const query = encodeURIComponent(expression);
      const answer = (await ask(`/api/v1/query?query=${query}&nocache=1`)) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
  };
}
