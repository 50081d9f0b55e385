/** A real Alertmanager is told by a real `serve`: amtool shows the alert, and its end after the fix. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlertReceiver, alertReceiver } from '../../support/alert-receiver.ts';
import { type Alertmanager, startAlertmanager } from '../../support/engines/alertmanager.ts';
import { removeEngines, WHY_NO_ENGINES } from '../../support/engines/program.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

/** A wait for a state that comes by itself, on a machine that is busy, milliseconds. */
const LONG = 240_000;

const RULE = 'alertname=CLOSE_WAIT_LEAK';

describe.skipIf(WHY_NO_ENGINES !== '')(`alerts in Alertmanager${WHY_NO_ENGINES && `: ${WHY_NO_ENGINES}`}`, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-alertmanager-'));
  let netns: TestNetns;
  let population: Population;
  let receiver: AlertReceiver;
  let alertmanager: Alertmanager;
  let serve: ServeRun;

  beforeAll(async () => {
    netns = createNetns();
    population = await populate(netns);
    await population.order({ port: 8080, open: 20, closing: 0 });
    receiver = await alertReceiver();
    alertmanager = await startAlertmanager(`${receiver.url}/alertmanager`);
    const config = path.join(folder, 'socklens.toml');
    fs.writeFileSync(
      config,
      `[doctor.rules.CLOSE_WAIT_LEAK]
minAgeMs = "1s"
[serve]
external-url = "https://page.example"
[[alerts]]
name = "alertmanager"
type = "alertmanager"
url = "${alertmanager.url}"
[[alerts]]
name = "direct"
type = "webhook"
url = "${receiver.url}/direct"
wait = "0s"
`,
    );
    serve = await startServe([`netns:${netns.name}`, '--config', config]);
  }, LONG);

  afterAll(async () => {
    await serve?.stop();
    await removeEngines();
    await receiver?.close();
    removeAllNetns();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** Messages about the leak, in the order in which they came. */
  const bodies = (at: string) =>
    receiver.received
      .filter(({ path: where, json }) => where === at && json.groupLabels.alertname === 'CLOSE_WAIT_LEAK')
      .map(({ json }) => json);

  it('shows the alert with its labels and what to do', async () => {
    expect(alertmanager.alerts(RULE)).toEqual([]);
    await population.order({ port: 8080, open: 150, closing: 120 });
    const [alert, ...others] = await until(
      'the alert in Alertmanager',
      () => {
        const alerts = alertmanager.alerts(RULE);
        return alerts.length > 0 && alerts;
      },
      LONG,
    );
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      status: { state: 'active' },
      labels: {
        ...{ alertname: 'CLOSE_WAIT_LEAK', severity: 'critical', job: 'socklens', host: os.hostname() },
        container: `netns:${netns.name}`,
      },
      annotations: { fix: expect.any(String), page_url: expect.stringContaining('https://page.example/#/problems/') },
    });
    expect(alert?.annotations.description).toContain('120');
  }, 300_000);

  it('passes it on in the body that the webhook receiver gets without it', async () => {
    const [passed] = await until(
      'the message of Alertmanager',
      () => bodies('/alertmanager').length > 0 && bodies('/alertmanager'),
      LONG,
    );
    const [direct] = await until('the message of serve', () => bodies('/direct').length > 0 && bodies('/direct'), LONG);
    const shapeOf = (body: typeof passed) => Object.keys(body).sort();
    expect(shapeOf(direct)).toEqual(shapeOf(passed));
    expect(Object.keys(direct.alerts[0]).sort()).toEqual(Object.keys(passed.alerts[0]).sort());
    // Alertmanager computes it from the labels.
    expect(direct.alerts[0].fingerprint).toBe(passed.alerts[0].fingerprint);
    for (const key of ['version', 'status', 'groupKey', 'groupLabels', 'commonLabels', 'truncatedAlerts'])
      expect([key, direct[key]]).toEqual([key, passed[key]]);
    expect(direct.alerts[0].endsAt).toBe(passed.alerts[0].endsAt);
  }, 600_000);

  it('ends it after the fix', async () => {
    await population.order({ port: 8080, open: 20, closing: 0 });
    await until('no alert in Alertmanager', () => alertmanager.alerts(RULE).length === 0, LONG);
    await until('its end at the webhook', () => bodies('/alertmanager').at(-1)?.status === 'resolved', LONG);
    await until('its end without Alertmanager', () => bodies('/direct').at(-1)?.status === 'resolved', LONG);
    expect(bodies('/direct').map(({ status }) => status)).toEqual(['firing', 'resolved']);
  }, 900_000);
});
