import { cut } from '../alert.ts';
import { firingOf, headline, linesOf, linksOf, type Message, type Post, titleOf } from '../message.ts';
import type { Receiver } from '../receiver.ts';

/** ntfy makes a file of a longer message, https://docs.ntfy.sh/publish/#limitations; characters of up to three bytes. */
const LONGEST = { title: 250, message: 1300 };

/** Below 5, which rings although the telephone is muted. */
const PRIORITIES = { critical: 4, warning: 3, info: 2 };

const TAGS = { critical: 'rotating_light', warning: 'warning', info: 'information_source' };

/** What ntfy takes: JSON to its root, with the last part of the address as topic. Its texts have no markup. */
export function ntfyPost({ url }: Receiver, message: Message): Post {
  const address = new URL(url);
  const path = address.pathname.replace(/\/+$/, '');
  const topic = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  address.pathname = path.slice(0, path.lastIndexOf('/') + 1);
  const [first] = message.alerts;
  const [worst] = firingOf(message);
  const parts = message.alerts.map((told) => {
    const numbers = told.endsAtMs === undefined ? told.alert.numbers : [];
    const title = message.alerts.length > 1 ? [titleOf(told)] : [];
    return [...title, ...linesOf(told), ...numbers].join('\n');
  });
  const links = first === undefined ? [] : linksOf(first.alert);
  return {
    url: address.href,
    body: {
      topic,
      title: cut(
        first !== undefined && message.alerts.length === 1 ? titleOf(first) : headline(message),
        LONGEST.title,
      ),
      message: cut(parts.join('\n\n'), LONGEST.message),
      priority: worst === undefined ? 2 : PRIORITIES[worst.alert.severity],
      tags: [worst === undefined ? 'white_check_mark' : TAGS[worst.alert.severity]],
      ...(links[0] !== undefined && { click: links[0].url }),
      actions: links.map(({ name, url: to }) => ({ action: 'view', label: name, url: to })),
    },
  };
}
