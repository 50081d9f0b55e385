import { cut } from '../alert.ts';
import { headline, linesOf, linksOf, type Message, type Post, type ToldAlert, titleOf } from '../message.ts';
import type { Receiver } from '../receiver.ts';

/** https://discord.com/developers/docs/resources/message#embed-object-embed-limits; characters. */
const LIMITS = { embeds: 10, title: 256, description: 2000, all: 5500 };

const COLORS = { critical: 0xd9_2d_20, warning: 0xf7_90_09, info: 0x2e_90_fa, resolved: 0x12_b7_6a };

/** What Discord's webhooks take. */
export function discordPost({ url }: Receiver, message: Message): Post {
  const embeds = [];
  let characters = 0;
  for (const told of message.alerts.slice(0, LIMITS.embeds)) {
    const embed = embedOf(told, message);
    characters += embed.title.length + embed.description.length + embed.footer.text.length;
    if (characters > LIMITS.all) break;
    embeds.push(embed);
  }
  const more = message.alerts.length - embeds.length;
  const content = `${headline(message)}${more > 0 ? ` (${more} more on the page)` : ''}`;
  return { url, body: { content: escaped(content), embeds, allowed_mentions: { parse: [] } } };
}

function embedOf(told: ToldAlert, { host }: Message) {
  const { alert, endsAtMs } = told;
  const numbers = endsAtMs === undefined ? alert.numbers : [];
  const links = linksOf(alert).map(({ name, url }) => `[${name}](${url})`);
  const text = escaped([...linesOf(told), ...numbers].join('\n'));
  return {
    title: cut(escaped(titleOf(told)), LIMITS.title),
    url: alert.link,
    description: `${cut(text, LIMITS.description)}\n${links.join(' · ')}`,
    color: endsAtMs === undefined ? COLORS[alert.severity] : COLORS.resolved,
    footer: { text: `socklens on ${host}` },
    timestamp: new Date(endsAtMs ?? alert.startsAtMs).toISOString(),
  };
}

/** A backslash before everything that Discord's Markdown gives a meaning. */
function escaped(text: string): string {
  return text.replace(/[\\*_~`|>#[\]<:@]/g, '\\$&');
}
