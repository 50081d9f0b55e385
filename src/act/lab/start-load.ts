import { koffiSystemCalls } from '../../kernel/koffi-system-calls.ts';
import type { LoaderSettings } from '../../model/report/lab-settings.ts';
import { LabProcess } from './lab-process.ts';
import { LoadDriver } from './load-driver.ts';

/** A load without the rest of the lab. */
export interface Load extends LoadDriver {
  stop(): Promise<void>;
}

/**
 * Starts the lab's load in this process's own namespace, against a balancer that is there already:
 * the one of the containers. It ends with this process.
 *
 * @param balancer its address; it listens on port 80
 */
export async function startLoad(balancer: string): Promise<Load> {
  const settings = { title: 'load', balancer };
  const process = LabProcess.start<LoaderSettings>(koffiSystemCalls(), undefined, 'load', settings);
  await process.ask(undefined, 'ready');
  return Object.assign(new LoadDriver(process), { stop: () => process.end() });
}
