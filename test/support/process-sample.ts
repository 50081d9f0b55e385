import type { ProcessSample } from '../../src/model/sample/sample.ts';

/** A process of the container `web`, as a look at its descriptors would have told of it. */
export function processSample(parts: Partial<ProcessSample> = {}): ProcessSample {
  return {
    pid: 4242,
    name: 'node',
    startTicks: 1000,
    container: 'web',
    used: 100,
    softLimit: 1024,
    hardLimit: 4096,
    ...parts,
  };
}
