/**
 * Every command prints the same from a recording as from the machine. Commands over time read from one source that
 * also writes the recording; `ls` and `ps` run while nothing changes.
 *
 * `without…` functions remove what cannot be equal, each with its reason.
 */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { doctor } from '../../src/commands/doctor/doctor.ts';
import type { EventsOptions } from '../../src/commands/events/events.ts';
import { events } from '../../src/commands/events/events.ts';
import { type LsOptions, ls } from '../../src/commands/ls/ls.ts';
import { orderOf } from '../../src/commands/ls/order.ts';
import { ps } from '../../src/commands/ps/ps.ts';
import { TopDataBuilder } from '../../src/commands/top/top-data.ts';
import { initialState } from '../../src/commands/top/view/state.ts';
import { watch } from '../../src/commands/watch/watch.ts';
import { parseFilter } from '../../src/filter/parse.ts';
import { Failure } from '../../src/model/failure.ts';
import type { GroupKey } from '../../src/model/report/group.ts';
import { EVENT_KINDS } from '../../src/model/socket/connection-event.ts';
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
/** Pause between two connections that are opened and closed, in milliseconds. */
const CHURN_MS = 20;
const TRIES = 4;
const NO_CGROUP = 'no cgroup can be made here: nothing is a container';
const machine = localMachine({ DOCKER_HOST: 'unix:///nonexistent' });

/** Output of a command. */
interface Printed {
  out: string;
  err: string;
  /** Message of the error that refused the command; undefined when it ran. */
  refused: string | undefined;
}

async function printed(run: (context: CommandContext) => Promise<unknown> | undefined): Promise<Printed> {
  const pieces: { out: Buffer[]; err: Buffer[] } = { out: [], err: [] };
  const output = (to: Buffer[]) => ({
    columns: undefined,
    write: (text: string | Uint8Array) => {
      to.push(Buffer.from(text as string));
    },
  });
  let refused: string | undefined;
  try {
    await run({ machine, out: output(pieces.out), err: output(pieces.err) });
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'usage') throw error;
    refused = error.message;
  }
  return { out: Buffer.concat(pieces.out).toString(), err: Buffer.concat(pieces.err).toString(), refused };
}

/**
 * Leaves out the notes of one side: the time of the recording, the protocols read from /proc (known live only), and
 * the UNIX, RAW and MPTCP sockets whose owners are not recorded.
 */
function withoutOneSidedNotes(err: string): string {
  return err.replace(
    /^socklens: (as recorded at |.*raw: read from \/proc|.*\d+ sockets?: owner not recorded).*\n/gm,
    '',
  );
}

/** Sorted lines of a table without TCP_INFO, which is recorded in part and contains running clocks. */
function withoutTcpInfo(out: string): string[] {
  return sortedLines(out).filter((line) => !line.startsWith('    rtt:'));
}

const INET: SocketQuery = { ...everySocket(), protos: ['tcp', 'udp'] };

/** The options of `ls` that order, none of them given. */
const UNORDERED = { by: undefined, sort: undefined, reverse: false, limit: undefined, top: undefined };

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
  ).map(([by, query]) => ({ title: `ls --by ${by}`, options: { order: orderOf({ ...UNORDERED, by }), query } })),
  ...(['recv-q', 'state', 'local', 'process'] as const).map((sort) => ({
    title: `ls --sort ${sort} --limit 5`,
    options: { query: INET, order: orderOf({ ...UNORDERED, sort, limit: 5 }) },
  })),
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

/** Commands over `SampleSource` that print while they run. */
const OVER_TIME: Readonly<
  Record<string, (context: CommandContext, options: SourceOptions, filter: string) => Promise<unknown>>
> = {
  'watch --by state': watchBy(['state']),
  'watch --by container,process,peer': watchBy(['container', 'process', 'peer']),
  events: eventsAs('text'),
  'events --ndjson': eventsAs('ndjson'),
};

function eventsAs(format: EventsOptions['format']) {
  return (context: CommandContext, options: SourceOptions, filter: string) =>
    events(context, {
      target: options.target,
      from: options.from,
      filter,
      asSs: false,
      protos: ['tcp', 'udp'],
      kinds: EVENT_KINDS,
      packets: [],
      numeric: true,
      forMs: options.forMs,
      through: options.through,
      count: undefined,
      format,
    });
}

function watchBy(by: readonly GroupKey[]) {
  return (context: CommandContext, options: SourceOptions, filter: string) =>
    watch(context, { ...options, by, filter, asSs: false, protos: ['tcp', 'udp'], format: 'text' });
}

/**
 * The summary of `events` covers the time from the opening of the source to the last read of events; of a recording,
 * from its first tick to its last tick or event.
 */
function withoutSpan({ out, ...rest }: Printed): Printed {
  const text = out
    .replace(/^((?:\d+ \w+, )*\d+ connections? closed in) \S+$/m, '$1')
    .replace(/("type":"summary",)"from":"[^"]*","to":"[^"]*",/, '$1');
  return { out: text, ...rest };
}

describe(`random sockets, SOCKLENS_TEST_SEED=${SEED}`, () => {
  let population: Population;
  let folder: string;
  /** TARGET of the namespaces in which nothing changes. */
  let targets: string;
  /** TARGET of the namespace in which connections are opened and closed. */
  let busy: string;
  /** Path of a recording made while nothing changed. */
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
  }, 240_000);
  afterAll(() => population?.stop());

  /** Records two ticks: owners are complete in the second. */
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

  /** Runs a function over ticks of this machine that are recorded, too. */
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

  /**
   * Output of a command over time, live and from the recording that was written meanwhile. A command that is refused
   * before the first tick records nothing; it runs on the other recording then.
   */
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
    const from = { file: live.refused === undefined ? file : still, untilMs: undefined, speed: undefined };
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
      format: 'text',
      ...options,
      from: recorded ? { file: still, untilMs: undefined, speed: undefined } : undefined,
    };
  }

  /**
   * Compares again with a new recording when a socket changed its state meanwhile: TIME_WAIT lasts a minute.
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

  describe.for(FILTERS)('of one moment, with the filter "%s"', (filter) => {
    it.for(LISTS)('$title prints the same', async ({ options }, { skip }) => {
      if (!applies(filter)) skip(NO_CGROUP);
      // The container of a socket whose owner is not recorded is unknown.
      const asked = filter.includes('container') ? { ...options, query: INET } : options;
      await compared(async () => {
        const live = await printed((context) => ls(context, lsOptions(asked, filter, false)));
        const recorded = await printed((context) => ls(context, lsOptions(asked, filter, true)));
        // Rows of a list have the order of the source.
        expect(withoutTcpInfo(recorded.out)).toEqual(withoutTcpInfo(live.out));
        expect(withoutOneSidedNotes(recorded.err)).toBe(withoutOneSidedNotes(live.err));
      });
    });

    it('ls --ndjson prints the same for each socket', async ({ skip }) => {
      if (!applies(filter)) skip(NO_CGROUP);
      const query = filter.includes('container') ? INET : everySocket();
      const asked = { format: 'ndjson', query: { ...query, tcpInfo: true } } as const;
      await compared(async () => {
        const live = await printed((context) => ls(context, lsOptions(asked, filter, false)));
        const recorded = await printed((context) => ls(context, lsOptions(asked, filter, true)));
        expect(rowsWithoutLiveOnly(recorded.out)).toEqual(rowsWithoutLiveOnly(live.out));
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
      const { live, recorded } = await bothWays((context, options) =>
        OVER_TIME[title]?.(context, options, filterOf(filter)),
      );
      if (live.refused === undefined) expect(live.out).not.toBe('');
      expect(withoutSpan(recorded)).toEqual(withoutSpan(live));
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
        declared: { pools: [], serverLimits: [], replicas: [] },
        format: 'json',
      }),
    );
    expect(withoutRunTimes(recorded.out)).toEqual(withoutRunTimes(live.out));
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

/** The run time of a rule is measured in each run. */
function withoutRunTimes(json: string): unknown {
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

/** Fields of TCP_INFO that change while nothing happens: times since an event, and counters of time. */
const RUNNING = /^last|Ms$/;

/** Sorted lines of `ls --ndjson` without what a recording lacks: docs/recording.md, "What --from cannot show". */
function rowsWithoutLiveOnly(ndjson: string): unknown[] {
  return ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => withoutLiveOnly(JSON.parse(line) as Row))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function withoutLiveOnly(row: Row): unknown {
  // The time and the way of reading; which protocols without sockets the kernel has is not recorded.
  if (row.type === 'target') return { type: row.type, target: row.target };
  const { processes = [], tcpInfo, timer, container, ...rest } = row;
  const known = row.proto === 'tcp' || row.proto === 'udp';
  const [holder] = processes;
  return {
    ...rest,
    // The first owner of TCP and UDP sockets is recorded, without the number of its descriptor.
    ...(known && { container, holder: holder && `${holder.pid}/${holder.name}` }),
    // Timers run on between the recorded sample and the live dump.
    timer: timer && { ...timer, expiresMs: undefined },
    tcpInfo: tcpInfo && Object.keys(tcpInfo).filter((field) => !RUNNING.test(field)).length > 0,
  };
}

function overviewRows(ndjson: string, netns: ReadonlySet<number>): unknown[] {
  return (
    ndjson
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row & { netns?: number; name: string; sockets: { unix: number } })
      .filter((row) => row.type === 'container' && row.netns !== undefined && netns.has(row.netns))
      // Owners of UNIX sockets are not recorded, so in a shared namespace they belong to no row. Each of the two runs chose
      // the source that cost it less.
      .map(({ coverage: _, source: __, sockets, ...row }) => ({ ...row, sockets: { ...sockets, unix: undefined } }))
  );
}
