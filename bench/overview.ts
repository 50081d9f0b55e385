import { alternate } from './alternate.ts';
import { run, SOCKLENS, timed } from './command.ts';
import type { Result } from './comparison.ts';
import { makeNamespaces } from './namespaces.ts';

const COUNT = 200;
const ROUNDS = 5;

/** `ps --all` against one `ss` for each namespace. */
export async function overviewOfNamespaces(): Promise<Result> {
  const { names, remove } = await makeNamespaces(COUNT);
  try {
    const { lines } = await run(SOCKLENS, ['ps', '--all', '--ndjson']);
    const one = async () => {
      let ms = 0;
      for (const name of names) ms += await timed('nsenter', [`--net=/run/netns/${name}`, '--', 'ss', '-tan']);
      return ms;
    };
    const pair = await alternate(() => timed(SOCKLENS, ['ps', '--all']), one, ROUNDS);
    return {
      title: `${COUNT} namespaces with a process and a listening socket each`,
      ours: 'socklens ps --all',
      theirs: `${COUNT} times ss -tan`,
      pair,
      bar: 0.3,
      remarks: [`rows of the answer: ${lines}`],
    };
  } finally {
    remove();
  }
}
