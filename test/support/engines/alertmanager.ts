import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type EngineProgram, startProgram } from './program.ts';

/** An alert as amtool prints it. */
export interface AmtoolAlert {
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  fingerprint: string;
  startsAt: string;
  endsAt: string;
  status: { state: string };
}

/** Debian's Alertmanager. */
export interface Alertmanager extends EngineProgram {
  /** What `amtool alert query` lists: alerts that hold. */
  alerts(...matchers: string[]): AmtoolAlert[];
}

/** Starts Alertmanager, which tells a webhook of everything at once. @param webhook its address */
export async function startAlertmanager(webhook: string): Promise<Alertmanager> {
  const program = await startProgram(
    'prometheus-alertmanager',
    (port, folder) => {
      const file = path.join(folder, 'alertmanager.yml');
      fs.writeFileSync(
        file,
        `route: {receiver: test, group_by: [alertname, host], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: test, webhook_configs: [{url: "${webhook}"}]}]
`,
      );
      return [
        `--config.file=${file}`,
        `--storage.path=${path.join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ];
    },
    '/-/ready',
  );
  return {
    ...program,
    alerts(...matchers) {
      const args = ['--alertmanager.url', program.url, '--output', 'json', 'alert', 'query', ...matchers];
      const { status, stdout, stderr } = spawnSync('amtool', args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`amtool: ${stderr}`);
      return (JSON.parse(stdout) ?? []) as AmtoolAlert[];
    },
  };
}
