/**
 * Every verb prints the same of a recording as it printed of the machine at the same moment: its ticks come from
 * one source that also writes the file, and `ls` and `ps` are asked while nothing changes.
 *
 * What cannot be equal is taken out by `without…` functions, each with its reason.
 */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { doctor } from '../../src/commands/doctor/doctor.ts';
import { type LsOptions, ls } from '../../src/commands/ls/ls.ts';
import { ps } from '../../src/commands/ps/ps.ts';
import { TopDataBuilder } from '../../src/commands/top/top-data.ts';
import { initialState } from '../../src/commands/top/view/state.ts';
import { watch } from '../../src/commands/watch/watch.ts';
import { parseFilter } from '../../src/filter/parse.ts';
import type { GroupKey } from '../../src/model/report/group.ts';
import { everySocket, type SocketQuery } from '../../src/model/socket/socket-query.ts';
import { openRecorded, openSource, type SourceOptions } from '../../src/sources/open-source.ts';
import type { SampleSource, TickRequest } from '../../src/sources/sample-source.ts';
import { sortedLines } from '../support/cli.ts';
import { Dice } from '../support/random-filter.ts';
import { type Population, populate } from '../support/recipes/random-population.ts';
import { temporaryFolder } from '../support/recording-run.ts';
import { TeeSource } from '../support/tee-source.ts';

const SEED = Number(process.env.SOCKLENS_TEST_SEED ?? Date.now() % 1e9);
const INTERVAL_MS = 100;
const TICKS = 3;
/** Between two connections that come and go. */
const CHURN_MS = 20;
const TRIES = 4;
const NO_CGROUP = 'no cgroup can be made here: nothing is a container';
const machine = localMachine({ DOCKER_HOST: 'unix:///nonexistent' });

/** What a verb wrote. */
interface Printed {
  out: string;
  err: string;
}

async function printed(run: (context: CommandContext) => Promise<unknown> | undefined): Promise<Printed> {
  const pieces: { out: Buffer[]; err: Buffer[] } = { out: [], err: [] };
  const output = (to: Buffer[]) => ({
    columns: undefined,
    write: (text: string | Uint8Array) => {
      to.push(Buffer.from(text as string));
    },
  });
  await run({ machine, out: output(pieces.out), err: output(pieces.err) });
  return { out: Buffer.concat(pieces.out).toString(), err: Buffer.concat(pieces.err).toString() };
}

/**
 * Of a recording it is said when it was made; live there is nothing to say. How a protocol without a socket would
 * have been read is known live alone. Who holds UNIX, RAW and MPTCP sockets is not recorded, and said.
 */
function comparableNotes(err: string): string {
  return err.replace(
    /^socklens: (as recorded at |.*raw: read from \/proc|.*\d+ sockets?: owner not recorded).*\n/gm,
    '',
  );
}

/** Lines of a table. What the kernel tells of each connection is recorded in part, and has clocks that go on. */
function tableLines(out: string): string[] {
  return sortedLines(out).filter((line) => !line.startsWith('    rtt:'));
}

const INET: SocketQuery = { ...everySocket(), protos: ['tcp', 'udp'] };

const LISTS: { title: string; options: Partial<LsOptions> }[] = [
  { title: 'ls', options: { query: INET } },
  { title: 'ls -p', options: { query: INET, processes: true } },
  { title: 'ls -n', options: { query: INET, numeric: true } },
  { title: 'ls -4', options: { query: { ...INET, inet6: false } } },
  ...(
    [
      [['state'], everySocket()],
      [['state', 'peer'], everySocket()],
      [['proto', 'local-port'], everySocket()],
      [['role', 'service'], everySocket()],
      [['peer-address', 'rtt'], everySocket()],
      [['container', 'state'], INET],
      [['process', 'local'], INET],
    ] as [GroupKey[], SocketQuery][]
  ).map(([by, query]) => ({ title: `ls --by ${by}`, options: { by, query } })),
];

const FILTERS = [
  '',
  'state established',
  'not state time-wait and src 127.0.0.1',
  'process node and sport >= 8010',
  'role server or unaccepted',
  'uid = 0 and not state listening',
  'recvq > 0',
  'rtt < 1s',
  'timer timewait',
  'container CONTAINER',
];

const EVERYTHING: TickRequest = { isForeground: () => true, query: everySocket, processes: 'no', allCounters: false };

/** Verbs over `SampleSource` that print as they go; one that is added here is compared. */
const OVER_TIME: Readonly<
  Record<string, (context: CommandContext, options: SourceOptions, filter: string) => Promise<unknown>>
> = {
  'watch --by state': watchBy(['state']),
  'watch --by container,process,peer': watchBy(['container', 'process', 'peer']),
};

function watchBy(by: readonly GroupKey[]) {
  return (context: CommandContext, options: SourceOptions, filter: string) =>
    watch(context, { ...options, by, filter, asSs: false, protos: ['tcp', 'udp'], format: 'text' });
}

describe(`sockets at random, SOCKLENS_TEST_SEED=${SEED}`, () => {
  let population: Population;
  let folder: string;
  /** Namespaces in which nothing changes. */
  let targets: string;
  let busy: string;
  let still: string;
  let number = 0;

  const newFile = () => path.join(folder, `${number++}.slr`);
  const filterOf = (text: string) => text.replace('CONTAINER', population.containers[0]?.slice(0, 12) ?? '');
  const applies = (text: string) => !text.includes('CONTAINER') || population.containers.length > 0;

  beforeAll(async () => {
    population = await populate(new Dice(SEED));
    folder = temporaryFolder();
    targets = [population.shared, population.alone, population.bare].map(({ name }) => `netns:${name}`).join(',');
    busy = `netns:${population.busy.name}`;
    await recordStill();
  }, 60_000);
  afterAll(() => population?.stop());

  /** Two ticks: what is found out about a socket is found out by the second. */
  async function recordStill(): Promise<void> {
    still = newFile();
    await teed(still, 2, async (source) => {
      while ((await source.next(EVERYTHING)) !== undefined);
    });
  }

  function sourceOptions(ticks: number): SourceOptions {
    return {
      target: `${targets},${busy}`,
      intervalMs: INTERVAL_MS,
      forMs: INTERVAL_MS * (ticks - 1) + INTERVAL_MS / 2,
      events: true,
      numeric: false,
    };
  }

  /** Runs something over so many ticks of this machine, which go into a file as well. */
  async function teed(file: string, ticks: number, run: (source: SampleSource) => Promise<void>): Promise<void> {
    let tee: TeeSource | undefined;
    const through = (source: SampleSource) => {
      tee = new TeeSource(source, file, `${targets},${busy}`);
      return tee;
    };
    const source = await openSource(machine, { ...sourceOptions(ticks), through });
    await run(source).finally(() => source.close());
    await tee?.finish();
  }

  /** What a verb over time prints live, and of the file that was written meanwhile. */
  async function bothWays(
    run: (context: CommandContext, options: SourceOptions) => Promise<unknown> | undefined,
  ): Promise<{ live: Printed; recorded: Printed }> {
    const file = newFile();
    let tee: TeeSource | undefined;
    const through = (source: SampleSource) => {
      tee = new TeeSource(source, file, `${targets},${busy}`);
      return tee;
    };
    let churning = true;
    const churn = (async () => {
      while (churning) {
        await population.churn();
        await new Promise((resolve) => setTimeout(resolve, CHURN_MS));
      }
    })();
    const live = await printed((context) => run(context, { ...sourceOptions(TICKS), through })).finally(() => {
      churning = false;
    });
    await churn;
    await tee?.finish();
    const from = { file, untilMs: undefined, speed: undefined };
    return { live, recorded: await printed((context) => run(context, { ...sourceOptions(TICKS), from })) };
  }

  function lsOptions(options: Partial<LsOptions>, filter: string, recorded: boolean): LsOptions {
    return {
      target: targets,
      filter: filterOf(filter),
      asSs: false,
      explain: false,
      query: everySocket(),
      processes: false,
      numeric: false,
      by: [],
      order: 'count',
      top: undefined,
      format: 'text',
      ...options,
      from: recorded ? { file: still, untilMs: undefined, speed: undefined } : undefined,
    };
  }

  /**
   * Sockets end their states while they are compared (TIME_WAIT lasts a minute): then both sides are asked again,
   * of a recording that was made just now.
   */
  async function compared(compare: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await compare();
      } catch (error) {
        if (tries === TRIES) throw error;
        await recordStill();
      }
    }
  }

  describe.for(FILTERS)('of a moment, with the filter "%s"', (filter) => {
    it.for(LISTS)('$title prints the same', async ({ options }, { skip }) => {
      if (!applies(filter)) skip(NO_CGROUP);
      // Of sockets that nobody is recorded to hold it is not known whose they are.
      const asked = filter.includes('container') ? { ...options, query: INET } : options;
      await compared(async () => {
        const live = await printed((context) => ls(context, lsOptions(asked, filter, false)));
        const recorded = await printed((context) => ls(context, lsOptions(asked, filter, true)));
        // Rows of a list stand in the order of the source.
        expect(tableLines(recorded.out)).toEqual(tableLines(live.out));
        expect(comparableNotes(recorded.err)).toBe(comparableNotes(live.err));
      });
    });

    it('ls --ndjson tells the same of each socket', async ({ skip }) => {
      if (!applies(filter)) skip(NO_CGROUP);
      const query = filter.includes('container') ? INET : everySocket();
      const asked = { format: 'ndjson', query: { ...query, tcpInfo: true } } as const;
      await compared(async () => {
        const live = await printed((context) => ls(context, lsOptions(asked, filter, false)));
        const recorded = await printed((context) => ls(context, lsOptions(asked, filter, true)));
        expect(comparable(recorded.out)).toEqual(comparable(live.out));
      });
    });
  });

  it('ps --ndjson has the same rows', async () => {
    const mine = new Set([population.shared, population.alone, population.bare].map(({ inode }) => inode));
    await compared(async () => {
      const live = await printed((context) => ps(context, { all: true, numeric: false, format: 'ndjson' }));
      const from = { file: still, untilMs: undefined, speed: undefined };
      const recorded = await printed((context) => ps(context, { all: true, numeric: false, format: 'ndjson', from }));
      expect(overviewRows(recorded.out, mine)).toEqual(overviewRows(live.out, mine));
    });
  });

  describe.for(FILTERS)('over time, with the filter "%s"', (filter) => {
    it.for(Object.keys(OVER_TIME))('%s prints the same', async (title, { skip }) => {
      if (!applies(filter)) skip(NO_CGROUP);
      if (filter.includes('recvq')) skip('the queues of a connection that closed are not recorded');
      const { live, recorded } = await bothWays((context, options) =>
        OVER_TIME[title]?.(context, options, filterOf(filter)),
      );
      expect(live.out).not.toBe('');
      expect(recorded).toEqual(live);
    });

    it('top has the same rows', async ({ skip }) => {
      if (!applies(filter)) skip(NO_CGROUP);
      const file = newFile();
      const live: string[] = [];
      await teed(file, TICKS, async (source) => {
        live.push(...(await topRows(source, filterOf(filter))));
      });
      const source = await openRecorded({ file, untilMs: undefined, speed: undefined }, undefined, true);
      expect(await topRows(source, filterOf(filter))).toEqual(live);
      source.close();
    });
  });

  it('doctor --json finds the same', async () => {
    const { live, recorded } = await bothWays((context, options) =>
      doctor(context, {
        ...options,
        rules: [],
        skip: [],
        settings: {},
        declared: { pools: [], serverLimits: [] },
        format: 'json',
      }),
    );
    expect(withoutCosts(recorded.out)).toEqual(withoutCosts(live.out));
    expect(recorded.err).toBe(live.err);
  });
});

async function topRows(source: SampleSource, filter: string): Promise<string[]> {
  const keeper = new TopDataBuilder(source, parseFilter(filter));
  const state = initialState({ filter, intervalMs: source.intervalMs });
  const request: TickRequest = { isForeground: () => true, query: everySocket, processes: 'count', allCounters: false };
  const rows: string[] = [];
  for (let tick = await source.next(request); tick !== undefined; tick = await source.next(request)) {
    await keeper.take(tick, state);
    rows.push(JSON.stringify(keeper.data(state).rows));
  }
  return rows;
}

/** How long a rule took is measured anew. */
function withoutCosts(json: string): unknown {
  return JSON.parse(json, (key, value) => (key === 'tookMs' ? undefined : value));
}

interface Row {
  type: string;
  proto?: string;
  processes?: { pid: number; name: string }[];
  tcpInfo?: Record<string, unknown>;
  timer?: { expiresMs?: number };
  [key: string]: unknown;
}

/** Fields of the TCP information that go on while nothing happens: times since, and what counts them. */
const GOING_ON = /^last|Ms$/;

/**
 * Lines of `ls --ndjson` as far as a recording has what is in them: docs/recording.md, "What --from cannot show".
 */
function comparable(ndjson: string): unknown[] {
  return ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => withoutLiveOnly(JSON.parse(line) as Row))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function withoutLiveOnly(row: Row): unknown {
  // When it was read, and how: which protocols the kernel has without a socket of them is not recorded.
  if (row.type === 'target') return { type: row.type, target: row.target };
  const { processes = [], tcpInfo, timer, container, ...rest } = row;
  const known = row.proto === 'tcp' || row.proto === 'udp';
  const [holder] = processes;
  return {
    ...rest,
    // Holders are recorded of TCP and UDP, the first alone, without the number of its descriptor.
    ...(known && { container, holder: holder && `${holder.pid}/${holder.name}` }),
    // Clocks go on between the sample and the question.
    timer: timer && { ...timer, expiresMs: undefined },
    tcpInfo: tcpInfo && Object.keys(tcpInfo).filter((field) => !GOING_ON.test(field)).length > 0,
  };
}

function overviewRows(ndjson: string, netns: ReadonlySet<number>): unknown[] {
  return (
    ndjson
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row & { netns?: number; name: string; sockets: { unix: number } })
      .filter((row) => row.type === 'container' && row.netns !== undefined && netns.has(row.netns))
      // Who holds UNIX sockets is not recorded: in a shared namespace they are nobody's.
      .map(({ coverage: _, sockets, ...row }) => ({ ...row, sockets: { ...sockets, unix: undefined } }))
  );
}
