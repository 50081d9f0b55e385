import { nearest } from '../../base/nearest.ts';
import { Failure } from '../../model/failure.ts';
import { OVERVIEW_ORDERS, type OverviewOrder } from '../../model/report/overview-order.ts';
import { command } from '../command.ts';
import { option } from '../option.ts';
import { all, FILTER_HELP, formatOf, netns, numeric, OPTIONAL_TARGETS, outputOptions, ss } from '../options.ts';
import { proposeFilter } from '../proposals.ts';
import { recordedFrom, recordedOptions } from '../recorded-options.ts';

export const psCommand = command({
  task: 'look',
  brief: 'List containers: sockets by state, descriptors, the busiest peer',
  details: `${FILTER_HELP.replace(/ It begins.*/, '')}
Without a TARGET, every container. KEY is ${OVERVIEW_ORDERS.join(', ')}.`,
  options: {
    all,
    filter: option.text('FILTER', 'Count only the sockets that match', { propose: proposeFilter }),
    ss,
    by: option.value('service', 'A row for each service, its replicas together', parseGrouping, {
      choices: ['service'],
    }),
    sort: option.value('KEY', 'Sort by this key: counts from the largest, descriptors from the fullest', parseOrder, {
      choices: OVERVIEW_ORDERS,
    }),
    netns,
    numeric,
    ...recordedOptions,
    ...outputOptions,
  },
  operands: OPTIONAL_TARGETS,
  examples: [
    ['ps', 'every container'],
    ['ps --sort close-wait', 'most CLOSE_WAIT first'],
    ["ps --filter 'dst db:3306'", 'who is connected to the database'],
    ['ps --by service', 'the replicas of each service together'],
    ['ps web-1 db-1', 'two of them'],
    ['ps --all --json', 'other namespaces and the host too, for a script'],
  ],
  load: async () => {
    const [{ ps }, { namedLikeWord, splitOperands }] = await Promise.all([import('./ps.ts'), import('../operands.ts')]);
    return async ({ flow }, options, words) => {
      const { all, numeric } = options;
      const { target, filter } = splitOperands(words);
      if (options.by !== undefined && options.sort === 'peer')
        throw new Failure('usage', 'ps: --sort peer: a row of --by service has no busiest peer');
      if (filter !== '')
        throw new Failure('usage', `ps: write the FILTER as an option: --filter '${filter}'${namedLikeWord(filter)}`);
      const from = await recordedFrom(options);
      const known = from === undefined ? target : await targetOf(from, words);
      await ps(flow, {
        target: known === '' ? undefined : known,
        filter: options.filter ?? '',
        asSs: options.ss,
        sort: options.sort,
        byService: options.by !== undefined,
        wholeNetns: options.netns,
        all,
        numeric,
        format: formatOf(options),
        from,
      });
    };
  },
});

/** The TARGET of a recording. @throws {Failure} `no-target` where it does not contain it */
async function targetOf(...args: Parameters<typeof import('../recorded-part.ts').recordedWords>): Promise<string> {
  const { recordedWords } = await import('../recorded-part.ts');
  return (await recordedWords(...args)).target ?? '';
}

/** @throws {Failure} `usage` for anything but `service` */
function parseGrouping(text: string): 'service' {
  if (text === 'service') return text;
  throw new Failure('usage', `rows of ps can be grouped by service, not by "${text}" (ls and watch have more keys)`);
}

/** A key, or the title of its column: `close-wait`, `CLOSE_WAIT`, `CloseWait`, `Estab`. @throws {Failure} `usage` for an unknown one */
function parseOrder(text: string): OverviewOrder {
  const letters = (name: string) => name.toLowerCase().replace(/[-_]/g, '');
  const exact = OVERVIEW_ORDERS.find((known) => letters(known) === letters(text));
  const [first, second] = OVERVIEW_ORDERS.filter((known) => letters(known).startsWith(letters(text)));
  const order = exact ?? (second === undefined && text !== '' ? first : undefined);
  if (order !== undefined) return order;
  const meant = nearest(text, OVERVIEW_ORDERS);
  const hint = meant === undefined ? `use ${OVERVIEW_ORDERS.join(', ')}` : `did you mean ${meant}?`;
  throw new Failure('usage', `unknown order "${text}"; ${hint}`);
}
