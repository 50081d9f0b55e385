/** `socklens runtimes`: what it says of runtimes that answer, and of those that do not. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { socklens } from '../support/cli.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { type FakeEngine, httpAnswer, startFakeEngine } from './fake-engine.ts';

/** What the tests read of a row. */
interface Row {
  runtime: string;
  endpoint?: string;
  state: string;
  version?: string;
  containers?: number;
  error?: string;
}

const NOWHERE = 'unix:///nowhere/engine.sock';

const fakes: FakeEngine[] = [];
afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.remove();
});

/** The row of an endpoint. */
function row(endpoint: string, env: Record<string, string> = {}, prefix: string[] = []): Row | undefined {
  const { stdout } = socklens(
    ['runtimes', '--json'],
    { DOCKER_HOST: endpoint, CONTAINER_HOST: NOWHERE, ...env },
    prefix,
  );
  const { runtimes } = JSON.parse(stdout) as { runtimes: Row[] };
  return runtimes.find((each) => each.endpoint === endpoint);
}

async function fake(...args: Parameters<typeof startFakeEngine>): Promise<FakeEngine> {
  const started = await startFakeEngine(...args);
  fakes.push(started);
  return started;
}

describe('socklens runtimes', () => {
  test('nothing listens: not running, and no line beside the table', () => {
    expect(row(NOWHERE)).toMatchObject({ state: 'absent', error: expect.stringContaining('does not exist') });
    const { status, stdout, stderr } = socklens(['runtimes'], { DOCKER_HOST: NOWHERE, CONTAINER_HOST: NOWHERE });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^docker +- +- +not running +unix:\/\/\/nowhere\/engine\.sock$/m);
  });

  test('an answer that is none is said to be, and its text cannot reach the terminal', async () => {
    const { endpoint } = await fake({ '*': httpAnswer({ message: '\u001b[2Jgone' }, 500) });
    expect(row(endpoint)).toMatchObject({ state: 'nonsense' });
    const { stdout, stderr } = socklens(['runtimes'], { DOCKER_HOST: endpoint, CONTAINER_HOST: NOWHERE });
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stderr).toMatch(/^socklens: docker: .*answered with status 500/m);
  });

  test('a runtime that hangs is named, and asked once', async () => {
    const { endpoint, asked } = await fake({ '*': { pieces: [], afterwards: 'hang' } });
    expect(row(endpoint)).toMatchObject({
      state: 'silent',
      error: expect.stringContaining('did not answer within 5 s'),
    });
    await until('its log', () => asked.length > 0);
    expect(asked).toEqual(['/containers/json']);
  });

  const user = otherUser();
  test.skipIf(user === undefined)(
    `a socket without access: an ordinary user is told${user ? '' : `: ${NO_OTHER_USER}`}`,
    async () => {
      const { endpoint, socket } = await fake({ '*': httpAnswer([]) });
      fs.chmodSync(path.dirname(socket), 0o700);
      const prefix = ['setpriv', `--reuid=${user}`, '--clear-groups', '--'];
      expect(row(endpoint, { HOME: '/nonexistent' }, prefix)).toMatchObject({ state: 'denied' });
    },
  );

  test('ps without a container points to it', () => {
    const env = { DOCKER_HOST: NOWHERE, CONTAINER_HOST: NOWHERE };
    // Without the named namespaces of other tests.
    const script = 'mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && exec "$@"';
    const alone = ['unshare', '--net', '--pid', '--fork', '--mount-proc', 'sh', '-c', script, 'sh'];
    expect(socklens(['ps'], env, alone).stderr).toMatch(
      /no container is running; looked for .*`socklens runtimes` tells more/,
    );
    expect(socklens(['runtimes'], env, alone).stderr).toMatch(
      /only the processes of this PID namespace are seen.*--pid=host/,
    );
  });
});

const engine = testEngine();
if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describeDocker(engine);

function describeDocker(docker: TestEngine): void {
  afterAll(() => docker.removeAll());

  test('Docker: the version that it tells, and its running containers', async () => {
    await docker.run();
    const command = ['-H', docker.endpoint, 'version', '--format', '{{.Server.Version}}'];
    const version = execFileSync('docker', command, { encoding: 'utf8' }).trim();
    const after = row(docker.endpoint);
    expect(after).toMatchObject({ runtime: 'docker', state: 'running', version });
    expect(after).not.toHaveProperty('error');
    expect(after?.containers).toBeGreaterThanOrEqual(1);
  });
}
