/** The whole lab in containers with a real MariaDB. */
import { beforeAll, describe, expect, test } from 'vitest';
import { localMachine } from '../../../src/collect/local-machine.ts';
import { lab } from '../../../src/commands/lab/lab.ts';
import { containerLab } from '../../../src/commands/lab/lab-kinds.ts';
import type { LabPhaseResult } from '../../../src/model/report/lab-phase.ts';
import { hostRoles, rolesMissing } from '../../support/container-roles.ts';
import { type TestEngine, testEngine } from '../../support/engine.ts';
import { expectStory } from '../../support/lab-story.ts';

const engine = testEngine();
const missing = typeof engine === 'string' ? engine : rolesMissing();
const NAME = `slstory-${process.pid}`;

if (typeof engine === 'string' || missing !== undefined) test.skip(`docker: the lab's story: ${missing}`, () => {});
else describe('docker: the story of the lab', { timeout: 300_000 }, () => describeStory(engine));

function describeStory(docker: TestEngine): void {
  // The balancer has its container's address.
  beforeAll(() => docker.enterHostNetwork());

  test('both causes are named before the first container fails, and with both fixes the same load passes', async () => {
    const env = { ...process.env, DOCKER_HOST: docker.endpoint };
    let written = '';
    const write = (text: string | Uint8Array) => {
      written += text;
    };
    const out = { write, columns: undefined };
    const context = { machine: localMachine(env), out, err: out };
    const fixed = await lab(context, containerLab(hostRoles(docker.image), env, NAME), { format: 'json' });
    const { phases } = JSON.parse(written) as { phases: LabPhaseResult[] };
    expectStory(phases);
    expect(fixed).toBe(true);
    const filters = encodeURIComponent(JSON.stringify({ label: [`socklens.lab=${NAME}`] }));
    expect(await docker.ask('GET', `/containers/json?all=1&filters=${filters}`)).toEqual([]);
    expect(await docker.ask('GET', `/networks?filters=${filters}`)).toEqual([]);
  });
}
