import { cut } from '../alert.ts';
import { headline, linesOf, linksOf, type Message, type Post, type ToldAlert, titleOf } from '../message.ts';
import type { Receiver } from '../receiver.ts';

/** Attachments of a message; further alerts are counted. */
const MOST = 10;

/** Longest text of an attachment, characters. */
const LONGEST = 2500;

const COLORS = { critical: 'danger', warning: 'warning', info: '#439fe0' } as const;

/**
 * What Slack's incoming webhooks take, and with them Mattermost, Rocket.Chat and Discord's `/slack`.
 * https://api.slack.com/reference/messaging/attachments
 */
export function slackPost({ url }: Receiver, message: Message): Post {
  const more = message.alerts.length - MOST;
  const text = `${headline(message)}${more > 0 ? ` (${more} more on the page)` : ''}`;
  return {
    url,
    body: {
      text: escaped(text),
      // The texts are no markup, and their names mention nobody.
      mrkdwn: false,
      link_names: false,
      attachments: message.alerts.slice(0, MOST).map((told) => attachmentOf(told, message)),
    },
  };
}

function attachmentOf(told: ToldAlert, { host }: Message) {
  const { alert, endsAtMs } = told;
  const title = titleOf(told);
  const numbers = endsAtMs === undefined ? alert.numbers : [];
  const links = linksOf(alert).map(({ name, url }) => `${name}: ${url}`);
  return {
    fallback: escaped(`${title} (${alert.where})`),
    color: endsAtMs === undefined ? COLORS[alert.severity] : 'good',
    title: escaped(title),
    title_link: alert.link,
    text: cut(escaped([...linesOf(told), ...numbers, ...links].join('\n')), LONGEST),
    mrkdwn_in: [],
    footer: escaped(`socklens on ${host}`),
    ts: Math.floor((endsAtMs ?? alert.startsAtMs) / 1000),
  };
}

/** https://api.slack.com/reference/surfaces/formatting#escaping */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
