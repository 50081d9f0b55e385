/**
 * The kernel dumps sockets in the order of its hash tables, which is another one after every change: what the doctor says
 * must not depend on it.
 */
import { expect, test } from 'vitest';
import type { Diagnosis } from '../../../src/model/finding/diagnosis.ts';
import type { SocketSource } from '../../../src/model/socket/socket-view.ts';
import type { SampleSource, Tick, TickRequest } from '../../../src/sources/sample-source.ts';
import { HEALTHY, INCIDENTS } from './catalogue.ts';
import { recordingOf } from './incident.ts';
import { diagnoseRecording } from './judge.ts';

test.each([...INCIDENTS, ...HEALTHY].map((each) => [each.name, each] as const))('%s', async (_, each) => {
  const file = recordingOf(each);
  const usual = withoutRunTimes(await diagnoseRecording(file));
  for (const isFirst of [isOdd, isEven]) {
    const other = await diagnoseRecording(file, (source) => reordered(source, isFirst));
    expect(withoutRunTimes(other)).toEqual(usual);
  }
});

const isOdd = (index: number) => index % 2 === 1;
/** The last of each four first, so that no pair of neighbours keeps its order in both. */
const isEven = (index: number) => index % 4 >= 2;

/** The same ticks; of each dump the sockets at some places come before the others. */
function reordered(source: SampleSource, isFirst: (index: number) => boolean): SampleSource {
  const next = async (request: TickRequest, stop?: Parameters<SampleSource['next']>[1]) => {
    const tick = await source.next(request, stop);
    return tick && withSockets(tick, (sockets) => inTwoPasses(sockets, isFirst));
  };
  return new Proxy(source, {
    get: (target, name) => {
      if (name === 'next') return next;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function withSockets(tick: Tick, change: (sockets: SocketSource) => SocketSource): Tick {
  return {
    ...tick,
    namespaces: tick.namespaces.map((each) => {
      const { snapshot } = each;
      if (snapshot === undefined) return each;
      const sockets = change(snapshot.sockets);
      const changed = new Proxy(snapshot, {
        get: (target, name) => {
          if (name === 'sockets') return sockets;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      return { ...each, snapshot: changed };
    }),
  };
}

function inTwoPasses(sockets: SocketSource, isFirst: (index: number) => boolean): SocketSource {
  return {
    each: (visit) => {
      for (const pass of [true, false]) {
        let index = 0;
        sockets.each((socket) => {
          if (isFirst(index++) === pass) visit(socket);
        });
      }
    },
  };
}

function withoutRunTimes(diagnosis: Diagnosis): unknown {
  return { ...diagnosis, rules: diagnosis.rules.map((rule) => ({ ...rule, tookMs: 0 })) };
}
