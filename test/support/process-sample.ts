import type { ProcessSample } from '../../src/model/sample/sample.ts';

/** Sample of the descriptors of a process of the container `web`. */
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
