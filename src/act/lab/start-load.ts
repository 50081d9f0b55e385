import { koffiSystemCalls } from '../../kernel/koffi-system-calls.ts';
import type { LoaderSettings } from '../../model/report/lab-settings.ts';
import { LabProcess } from './lab-process.ts';
import { LoadDriver } from './load-driver.ts';

/** A load without the rest of the lab. `stop` ends its process. */
export interface Load extends LoadDriver {
  stop(): Promise<void>;
}

/**
 * Starts the lab's load in this process's own network namespace, for the balancer of the lab in containers. It exits
 * with this process.
 *
 * @param balancer address of the balancer, which listens on port 80
 * @throws {Failure} `fault` when it does not start
 */
export async function startLoad(balancer: string): Promise<Load> {
  const settings = { title: 'load', balancer };
  const process = LabProcess.start<LoaderSettings>(koffiSystemCalls(), undefined, 'load', settings);
  await process.ask(undefined, 'ready');
  return Object.assign(new LoadDriver(process), { stop: () => process.end() });
}
