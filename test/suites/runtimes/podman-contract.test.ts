import { afterAll, beforeAll, describe, test } from 'vitest';
import { programMissing } from '../../support/runtimes/available.ts';
import { describeContract } from '../../support/runtimes/contract.ts';
import { describeEngine } from '../../support/runtimes/engine-contract.ts';
import { startPodmans } from '../../support/runtimes/podman.ts';
import { bedWithoutService, rootfulBed, rootlessBed } from '../../support/runtimes/podman-bed.ts';

const noPodman = programMissing('podman', 'conmon', 'runc', 'newuidmap', 'busybox');
if (noPodman !== undefined) test.skip(`Podman: ${noPodman}`, () => {});
else {
  const podmans = await startPodmans();
  const silent = { root: await bedWithoutService(podmans, 'root'), user: await bedWithoutService(podmans, 'user') };
  describe('Podman', () => {
    afterAll(() => podmans.stop());
    describeContract('rootful Podman without a socket', silent.root);
    describeContract("an ordinary user's Podman without a socket", silent.user);
    describe('with its service', () => {
      beforeAll(async () => {
        await podmans.root.serve();
        await podmans.user.serve();
      });
      describeContract('rootful Podman', rootfulBed(podmans));
      describeEngine('rootful Podman', rootfulBed(podmans));
      describeContract("an ordinary user's Podman", rootlessBed(podmans));
    });
  });
}
