import type { Message, Post, ToldAlert } from '../message.ts';
import type { Receiver } from '../receiver.ts';

/** An alert that is not told again for so many times its interval is over for Alertmanager. */
const LOST_AFTER = 4;

/** Alerts of Alertmanager's API, `POST /api/v2/alerts`. */
export function alertmanagerPost({ url }: Receiver, message: Message): Post {
  const { atMs, repeatMs } = message;
  const expiresAtMs = atMs + LOST_AFTER * repeatMs;
  const alerts = message.alerts.flatMap((told) => {
    const facts = factsOf(told);
    return byLabels(told, atMs).map(({ labels, endsAtMs }) => ({
      ...{ labels, ...facts },
      endsAt: time(endsAtMs === undefined ? expiresAtMs : atMs),
    }));
  });
  return { url: `${url.replace(/\/+$/, '').replace(/\/api\/v2\/alerts$/, '')}/api/v2/alerts`, body: alerts };
}

/**
 * An alert as Alertmanager understands it, which is its labels: a severity that changed since it was told is another alert,
 * and the one before it is over.
 */
export function byLabels({ alert: { labels }, endsAtMs, toldLabels }: ToldAlert, atMs: number) {
  const now = { labels, endsAtMs };
  const isOther = toldLabels !== undefined && toldLabels.severity !== labels.severity;
  return isOther ? [{ labels: toldLabels, endsAtMs: endsAtMs ?? atMs }, now] : [now];
}

/** What both formats of Alertmanager say of an alert. */
export function factsOf(told: ToldAlert) {
  const { alert } = told;
  return {
    annotations: annotationsOf(told),
    startsAt: time(alert.startsAtMs),
    generatorURL: alert.link,
  };
}

/** Numbers that change are here, never in labels. */
function annotationsOf({ alert, explainedBy }: ToldAlert): Record<string, string> {
  const { title, where, numbers, cause, fix, symptoms, link, incidentLink } = alert;
  return {
    summary: `${title}: ${where}`,
    description: [cause, ...numbers].filter(Boolean).join('\n'),
    where,
    ...(cause !== '' && { cause }),
    ...(fix !== undefined && { fix }),
    ...(symptoms.length > 0 && { explains: symptoms.join('; ') }),
    ...(explainedBy !== undefined && { explained_by: explainedBy }),
    page_url: link,
    ...(incidentLink !== undefined && { incident_url: incidentLink }),
  };
}

/** As Alertmanager writes times. */
export function time(ms: number): string {
  return new Date(ms).toISOString();
}
