import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerDetails, ContainerFacts } from '../../../src/model/container/container.ts';
import type { Runtime } from '../../../src/runtimes/runtime.ts';
import { LAUNCHER, socklens } from '../cli.ts';
import { until } from '../netns.ts';

/** What is asked of a container. */
export interface ContainerOptions {
  /** Default: a unique name. */
  name?: string;
  /** Script for busybox's `sh -c`; default `sleep 1000000`. */
  script?: string;
  labels?: Record<string, string>;
  /** Limit of open files; default that of the runtime. */
  nofile?: { soft: number; hard: number };
}

/** A running container. */
export interface StartedContainer {
  id: string;
  /** As the adapter names it. */
  name: string;
  /** Process id of its first process, by the runtime's own program. */
  pid: number;
}

/** Operations of a runtime's test that bypass the code under test. */
export interface RuntimeBed<Options extends ContainerOptions = ContainerOptions> {
  /** The name that the adapter should answer with. */
  readonly name: string;
  /** Whether a stopped container is found until it is removed. */
  readonly keepsStopped: boolean;
  /** Set where nothing answers: what is seen of containers has no labels, and there are no events. */
  readonly isWithoutApi?: boolean;
  /** Whether each container has a limit of open files that was declared for it alone. */
  readonly limits?: { soft: number; hard: number };
  /** Environment and command prefix with which socklens sees the runtime and its machine. */
  readonly view: { env: Record<string, string>; prefix: readonly string[] };
  /** A new adapter. */
  runtime(): Runtime;
  run(options?: Options): Promise<StartedContainer>;
  /** Ends a container at once. */
  stop(container: StartedContainer): Promise<void>;
  /** Starts a stopped container again. @returns its next run: the name is the same */
  again(container: StartedContainer): Promise<StartedContainer>;
  remove(container: StartedContainer): Promise<void>;
  /** Set where whoever starts a container chooses its id: then it is typed as a whole. */
  readonly idsAreChosen?: boolean;
  /** Makes containers until the ids of two begin alike. @returns what they begin with; absent where that takes too many */
  prefixOfTwo?(): Promise<string>;
  /** Removes the containers, and the bed where nothing else uses it. */
  end(): Promise<void>;
}

/** Labels with what a terminal, a table and a shell could take for something else. */
const LABELS = { 'com.example.team': 'a', odd: '\u001b[31m "größe"\n' };

/** No runtime has a container with one of these names. */
const UNKNOWN = ['no-such-container', 'f'.repeat(64), '0'.repeat(65), '', '..', '../info', 'a b', 'a/b/c', '\u001b[2J'];

/** What every {@link Runtime} promises, on the real thing. */
export function describeContract(title: string, bed: RuntimeBed): void {
  describe(`the runtime port: ${title}`, () => {
    let runtime: Runtime;
    beforeAll(() => {
      runtime = bed.runtime();
    });
    afterAll(() => bed.end());

    async function listed(id: string): Promise<ContainerFacts | undefined> {
      const [facts, ...others] = (await runtime.list()).filter((container) => container.id === id);
      expect(others).toEqual([]);
      return facts;
    }
    async function found(name: string): Promise<ContainerDetails> {
      const [container, ...others] = await runtime.find(name);
      if (container === undefined || others.length > 0) throw new Error(`${name}: ${others.length + 1} answers`);
      return container;
    }
    function ask(...args: string[]): unknown {
      const { status, stdout, stderr } = socklens(args, bed.view.env, [...bed.view.prefix]);
      if (status !== 0) throw new Error(`${LAUNCHER} ${args.join(' ')}: ${stderr}`);
      return JSON.parse(Buffer.from(stdout, 'latin1').toString('utf8'));
    }

    test('a running container is listed and found: name, id, labels, process, network namespace', async () => {
      const container = await bed.run({ labels: LABELS });
      const facts = await listed(container.id);
      expect(facts).toMatchObject({ runtime: bed.name, id: container.id, name: container.name });
      if (bed.isWithoutApi !== true) expect(facts?.labels).toMatchObject(LABELS);
      const details = await found(container.name);
      // A list may have it in whole seconds.
      const { startedAt: _, ...rest } = facts ?? {};
      expect(details).toMatchObject({ ...rest, running: true, pid: container.pid });
      expect(details).not.toHaveProperty('finishedAt');
      const netns = fs.statSync(`/proc/${container.pid}/ns/net`).ino;
      for (const told of [facts?.netns, details.netns]) expect([undefined, netns]).toContain(told);
      for (const told of [facts?.pid, details.pid]) expect([undefined, container.pid]).toContain(told);
    });

    test('a start time that is told is that of now', async () => {
      const before = Date.now();
      const { id, name } = await bed.run();
      for (const { startedAt } of [await found(name), { ...(await listed(id)) }]) {
        if (startedAt === undefined) continue;
        expect(Date.parse(startedAt)).toBeGreaterThan(before - 2000);
        expect(Date.parse(startedAt)).toBeLessThan(Date.now() + 1000);
      }
    });

    test('a container is found by its name and its id, and by a prefix of an id that nobody chose', async () => {
      const { name, id } = await bed.run();
      const find = async (text: string) => (await runtime.find(text)).map((found) => found.id);
      for (const text of [name, id]) expect(await find(text)).toEqual([id]);
      expect(await find(id.slice(0, -1))).toEqual(bed.idsAreChosen === true ? [] : [id]);
    });

    if (bed.prefixOfTwo !== undefined)
      test('an id prefix that matches several containers gives all of them', async () => {
        const prefix = (await bed.prefixOfTwo?.()) ?? '';
        const ids = (await runtime.find(prefix)).map(({ id }) => id);
        expect(ids.length).toBeGreaterThan(1);
        expect(ids.every((id) => id.startsWith(prefix))).toBe(true);
      });

    test.each(UNKNOWN)('a name that no container has finds nothing: %j', async (name) => {
      expect(await runtime.find(name)).toEqual([]);
    });

    test('a stopped container is not listed, and found only where the runtime keeps it', async () => {
      const container = await bed.run();
      await bed.stop(container);
      expect(await listed(container.id)).toBeUndefined();
      if (!bed.keepsStopped) {
        expect((await runtime.find(container.name)).filter(({ running }) => running)).toEqual([]);
        return;
      }
      const details = await found(container.name);
      expect(details).toMatchObject({ id: container.id, running: false });
      expect(details).not.toHaveProperty('pid');
      expect(Date.parse(details.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(details.startedAt ?? ''));
    });

    test('a container that is started again is the run that lives', async () => {
      const first = await bed.run();
      await bed.stop(first);
      const second = await bed.again(first);
      expect(second.pid).not.toBe(first.pid);
      expect(await listed(second.id)).toMatchObject({ name: first.name });
      expect(await found(first.name)).toMatchObject({ id: second.id, pid: second.pid, running: true });
    });

    test('a removed container is not found', async () => {
      const container = await bed.run();
      await bed.stop(container);
      await bed.remove(container);
      expect(await runtime.find(container.name)).toEqual([]);
      expect(await runtime.find(container.id)).toEqual([]);
    });

    if (bed.limits !== undefined)
      test('declared limits are those of its process', async () => {
        const limits = bed.limits ?? { soft: 0, hard: 0 };
        const { name, pid } = await bed.run({ nofile: limits });
        expect((await found(name)).limits).toContainEqual({ name: 'nofile', ...limits });
        const files = fs.readFileSync(`/proc/${pid}/limits`, 'latin1');
        expect(files).toMatch(new RegExp(`^Max open files +${limits.soft} +${limits.hard} `, 'm'));
      });

    test('its events tell of a start and of an end', async () => {
      if (bed.isWithoutApi === true) return expect(runtime.follow).toBeUndefined();
      let events = 0;
      let lost: unknown;
      const end = runtime.follow?.({
        changed: () => void events++,
        lost: (error) => {
          lost = error ?? 'the stream ended';
        },
      });
      // An event says that something changed, a list says what: some send it shortly before their list has changed.
      const isListed = async (id: string) => (await runtime.list()).some((container) => container.id === id);
      try {
        await until('the stream', () => events > 0);
        const opened = events;
        const container = await bed.run();
        await until('the event of the start', () => events > opened);
        await until('the container in the list', () => isListed(container.id));
        const started = events;
        await bed.stop(container);
        await until('the event of the end', () => events > started);
        await until('its absence from the list', async () => !(await isListed(container.id)));
        expect(lost).toBeUndefined();
      } finally {
        end?.();
      }
    });

    test('ps has its process and namespace, ls its listener, by the name of ps and by its id', async () => {
      const { name, id, pid } = await bed.run({ script: 'exec /bin/busybox nc -l -p 8080' });
      const { containers } = ask('ps', '--json') as { containers: { id?: string; [key: string]: unknown }[] };
      const netns = fs.statSync(`/proc/${pid}/ns/net`).ino;
      expect(containers.filter((row) => row.id === id)).toMatchObject([{ name, pid, netns, runtime: bed.name }]);
      const ports = (target: string) => {
        const { sockets } = ask('ls', target, '-t', '--json') as { sockets: { local: { port: number } }[] };
        return sockets.map(({ local }) => local.port);
      };
      await until('the listener', () => ports(name).includes(8080));
      expect(ports(id)).toEqual([8080]);
    });
  });
}
