import { afterAll, describe, test } from 'vitest';
import { startContainerd } from '../../support/runtimes/containerd.ts';
import { criBed, ctrBed, podBed } from '../../support/runtimes/containerd-bed.ts';
import { describeContract } from '../../support/runtimes/contract.ts';
import { Pods } from '../../support/runtimes/pods.ts';

const containerd = await startContainerd();
if (typeof containerd === 'string') test.skip(`containerd: ${containerd}`, () => {});
else {
  const pods = new Pods(containerd);
  const ofPods = await podBed(containerd, pods);
  const ofCtr = await ctrBed(containerd);
  describe('containerd', () => {
    afterAll(async () => {
      await containerd.stop();
      await pods.removeCgroups();
    });
    describeContract('containerd through CRI', criBed(containerd, pods));
    describeContract('pods of containerd', ofPods);
    describeContract('containers of ctr', ofCtr);
  });
}
