/** Prints the rows of one tick of `top` as JSON. Arguments: the TARGET, and a recording or nothing. */
import { localMachine } from '../../src/collect/local-machine.ts';
import { TopDataBuilder } from '../../src/commands/top/top-data.ts';
import { initialState } from '../../src/commands/top/view/state.ts';
import { parseFilter } from '../../src/filter/parse.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { openSource } from '../../src/sources/open-source.ts';

const [target, file] = process.argv.slice(2);
const source = await openSource(localMachine(process.env), {
  target,
  ...(target === undefined && { overview: { all: true } }),
  from: file === undefined ? undefined : { file, untilMs: undefined, speed: undefined },
  intervalMs: 1000,
  forMs: undefined,
  events: false,
  numeric: true,
});
const builder = new TopDataBuilder(source, parseFilter('', 'and-first'));
const state = initialState({ intervalMs: 1000, filter: '' });
const request = {
  isForeground: () => false,
  query: everySocket,
  processes: 'no' as const,
  allCounters: false,
};
const tick = await source.next(request);
if (tick !== undefined) await builder.take(tick, state);
console.log(JSON.stringify(builder.data(state).rows));
source.close();
