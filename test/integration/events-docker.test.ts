/** `socklens events` on real containers: whose connection it was, and whom it was with. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { EventsRun } from '../support/events-run.ts';
import { kernelIsSince } from '../support/kernel-version.ts';
import { until } from '../support/netns.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: events of containers', () => describeEvents(engine));

const ESTABLISHED = / 01 /;

function describeEvents(docker: TestEngine): void {
  const env = { DOCKER_HOST: docker.endpoint };
  let db: RunningContainer;
  let web: RunningContainer;
  let sidecar: RunningContainer;
  let dbAddress: string;

  const tcpRows = (pid: number) =>
    ['tcp', 'tcp6'].flatMap((file) =>
      fs.readFileSync(`/proc/${pid}/net/${file}`, 'latin1').trimEnd().split('\n').slice(1),
    );
  /** The process of a container's shell whose command line has this word. */
  const child = (shell: number, word: string): number => {
    const pids = fs.readFileSync(`/proc/${shell}/task/${shell}/children`, 'latin1').trim().split(' ').map(Number);
    const found = pids.find((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(word));
    if (found === undefined) throw new Error(`no process with ${word}`);
    return found;
  };
  const netlink = (pid: number) => () => fs.readFileSync(`/proc/${pid}/net/netlink`, 'latin1');

  beforeAll(async () => {
    const listen = (port: number) => `/bin/busybox nc -l -p ${port} -e /bin/busybox sleep 1000000`;
    db = await docker.run({ script: `${listen(3306)} & ${listen(5432)} & wait` });
    const { NetworkSettings } = (await docker.ask('GET', `/containers/${db.id}/json`)) as {
      NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
    };
    dbAddress = Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '';
    await until('listeners', () => tcpRows(db.pid).length === 2);
    const dial = (port: number) => `/bin/busybox sleep 1000000 | /bin/busybox nc ${dbAddress} ${port}`;
    web = await docker.run({ script: `${dial(3306)} & wait` });
    sidecar = await docker.run({ script: `${dial(5432)} & wait`, network: `container:${web.name}` });
    await until('connections', () => tcpRows(web.pid).filter((row) => ESTABLISHED.test(row)).length === 2);
  });
  afterAll(() => docker.removeAll());

  test('each end with its container, its process and the name of its peer; a shared namespace apart', async () => {
    const json = await EventsRun.startOn(netlink(web.pid), web.name, ['--netns', '--ndjson'], env);
    const one = await EventsRun.startOn(netlink(web.pid), web.name, ['--netns', `container ${sidecar.name}`], env);
    const text = await EventsRun.startOn(netlink(web.pid), web.name, ['--netns'], env);
    // The first line of text is printed after the first dump.
    await until('the headers', () => [one, text].every(({ stdout }) => stdout.includes('Outcome')));
    const clients = { [web.name]: holder(web.pid, '3306'), [sidecar.name]: holder(sidecar.pid, '5432') };
    for (const pid of Object.values(clients)) process.kill(pid, 'SIGKILL');
    const lines = ({ stdout }: EventsRun) => stdout.split('\n').filter((line) => line.endsWith(' closed'));
    await until('both ends', () => json.connections.length === 2 && lines(one).length === 1);
    await until('both lines', () => lines(text).length === 2);
    for (const run of [json, text, one]) expect(await run.stop()).toBe(0);
    for (const [container, port, service] of [
      [web.name, 3306, 'mysql'],
      [sidecar.name, 5432, 'postgresql'],
    ] as const) {
      const end = json.connections.find(({ peer }) => peer?.port === port);
      expect(end).toMatchObject({
        container,
        role: 'client',
        outcome: 'closed',
        processes: [{ pid: clients[container] }],
        peer: { address: dbAddress, port, name: db.name, service },
      });
      expect(text.stdout).toMatch(new RegExp(`${clients[container]}/\\S+ .* ${db.name}:${service} `));
    }
    // In a shared namespace the text says whose it was where it is not the target's own.
    expect(lines(one)).toEqual([expect.stringContaining(`${sidecar.name} ${clients[sidecar.name]}/`)]);
    expect(lines(text).some((line) => line.includes(`  ${clients[web.name]}/`))).toBe(true);
  });

  test('attempts of processes that live for a moment are those of their container, by the cgroup of their sockets', async ({
    skip,
  }) => {
    // One attempt after the other, each of a process of its own, to the next port.
    const script = `p=20000; while :; do p=$((p+1)); /bin/busybox nc 127.0.0.1 $p; /bin/busybox usleep 30000; done`;
    const prober = await docker.run({ script, network: `container:${web.name}` });
    const cgroups = fs.readFileSync(`/proc/${prober.pid}/cgroup`, 'latin1');
    if (!new RegExp(`^0::/.*${prober.id}`, 'm').test(cgroups) || !kernelIsSince(5, 15))
      skip('no cgroups of version 2, or sockets without');
    const options = ['--ndjson', '-n', '--failed', '--resets'];
    const programs = { ...env, SOCKLENS_BPF: 'on' };
    const own = await EventsRun.startOn(netlink(web.pid), prober.name, options, programs);
    const others = await EventsRun.startOn(netlink(web.pid), web.name, options, programs);
    const eventsOf = (kind: string, from: number) =>
      own.objects.slice(from).filter(({ event, peer }) => (event as string) === kind && (peer?.port ?? 0) > 20_000);
    for (let tries = 1; ; tries++) {
      const from = own.objects.length;
      await until('attempts', () => eventsOf('reset-received', from).length >= 20);
      const received = eventsOf('reset-received', from);
      // The kernel leaves a program out where it interrupts itself, which a gap tells; and a record that another
      // processor has not finished keeps openings after it from being read before their packets.
      const isWhole = [received, eventsOf('failed', from)].every(
        (events) => (events.at(-1)?.peer?.port ?? 0) - (events[0]?.peer?.port ?? 0) === events.length - 1,
      );
      if (tries < 10 && (!isWhole || own.objects.slice(from).some(({ type }) => type === 'gap'))) continue;
      for (const kind of ['failed', 'reset-received']) {
        const events = eventsOf(kind, from);
        const ports = events.map(({ peer }) => peer?.port ?? 0);
        expect(ports).toEqual(ports.map((_, index) => (ports[0] ?? 0) + index));
        for (const event of events) expect(event).toMatchObject({ container: prober.name, role: 'client' });
      }
      break;
    }
    for (const run of [own, others]) expect(await run.stop()).toBe(0);
    expect(others.objects.filter(({ type, peer }) => type !== 'summary' && (peer?.port ?? 0) > 20_000)).toEqual([]);
  });

  /** The pipeline of a container's script is a shell's child, nc is that one's. */
  function holder(shell: number, port: string): number {
    const pids = fs.readFileSync(`/proc/${shell}/task/${shell}/children`, 'latin1').trim().split(' ').map(Number);
    for (const pid of pids) {
      try {
        return child(pid, port);
      } catch {
        // Another of the shell's children.
      }
    }
    return child(shell, port);
  }
}
