/**
 * Every link from a cause to a symptom: findings of both rules that have in common what the link needs are tied, those
 * that only look alike are not. What a rule's findings are about is read from its source, so that a link between rules
 * that never meet (a peer and a port, a server that is not known) fails here.
 */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/doctor/catalogue.ts';
import { CAUSE_LINKS, type CauseLink, type Relation } from '../../../src/doctor/causes.ts';
import { explains, type ReplicaKey, tied } from '../../../src/doctor/tied.ts';
import type { Finding } from '../../../src/model/finding/finding.ts';

const FOLDER = 'src/doctor/rules';
const FILES = fs.readdirSync(FOLDER, { recursive: true, encoding: 'utf8' });

/** What the findings of a rule may be about, and whether they name the server of a client. */
function subjectsOf(rule: string) {
  const file = FILES.find((path) => path.endsWith(`/${rule.toLowerCase().replaceAll('_', '-')}.ts`));
  const source = fs.readFileSync(`${FOLDER}/${file}`, 'utf8');
  const either = /peersOf\(|peerAbout\(|\w\.about\b/.test(source);
  return {
    peer: either || source.includes('about: `peer '),
    port: either || /about: [`']port /.test(source),
    server: /peersOf\(|perPool\(|perEndpoint\(|serverOf\(/.test(source),
  };
}

/** Containers whose names differ in their number alone are replicas. */
const replicaKey: ReplicaKey = ({ scope }) => scope.name.replace(/-\d+$/, '');

interface Place {
  container: string;
  pid: number;
  about?: string;
  server?: { target: string; port: number };
  waitsFor?: string;
}

function finding(rule: string, { container, pid, about, server, waitsFor }: Place): Finding {
  return {
    rule,
    severity: 'warning',
    confidence: 'high',
    scope: { kind: 'process', name: container, target: container, container, pid },
    summary: rule,
    evidence: [],
    fixes: [],
    byHand: '',
    ...(about !== undefined && { about }),
    ...(server !== undefined && { server }),
    ...(waitsFor !== undefined && { waitsFor }),
  };
}

const WEB: Place = { container: 'web-1', pid: 11 };
const SERVER = { target: 'db', port: 3306 };
const PEER = 'peer db:mysql';
const DB: Place = { container: 'db', pid: 31, about: 'port 3306' };
const CLIENT: Place = { ...WEB, about: PEER, server: SERVER };

/** Where a cause and a symptom are: pairs that a relation ties, and pairs that it does not. */
type Pairs = Readonly<{ ties: [Place, Place][]; leaves: [Place, Place][] }>;

const PAIRS: Readonly<Record<Relation, (link: CauseLink) => Pairs>> = {
  scope: () => ({
    ties: [[WEB, WEB]],
    leaves: [
      [WEB, { ...WEB, pid: 12 }],
      [WEB, { container: 'web-2', pid: 21 }],
    ],
  }),
  share: (link) => {
    const about = commonAbout(link);
    const subject = about === undefined ? {} : { about };
    return {
      ties: [
        [{ ...WEB, ...subject }, WEB],
        [
          { ...WEB, ...subject },
          { ...WEB, ...subject },
        ],
      ],
      leaves: [
        [
          { ...WEB, ...subject },
          { ...WEB, about: 'port 8080' },
        ],
        [
          { ...WEB, ...subject },
          { container: 'web-2', pid: 21 },
        ],
      ],
    };
  },
  about: (link) => {
    const about = commonAbout(link);
    if (about === undefined) throw new Error('the rules are never about the same peer or port');
    return {
      ties: [
        [
          { ...WEB, about },
          { ...WEB, about },
        ],
        [
          { ...WEB, about },
          { container: 'web-2', pid: 21, about },
        ],
      ],
      leaves: [
        [
          { ...WEB, about },
          { ...WEB, about: `${about}1` },
        ],
        [
          { ...WEB, about },
          { container: 'worker-1', pid: 41, about },
        ],
        [{ ...WEB, about }, WEB],
      ],
    };
  },
  endpoint: ({ cause, symptom }) => {
    for (const rule of [cause, symptom]) expect([rule, subjectsOf(rule).peer]).toEqual([rule, true]);
    const worker = { container: 'worker-1', pid: 41 };
    const loopback = 'peer 127.0.0.1:mysql';
    return {
      ties: [
        [CLIENT, { ...CLIENT, ...worker }],
        // The server has another name in another network.
        [CLIENT, { ...worker, about: 'peer database:mysql', server: SERVER }],
        [
          { ...WEB, about: PEER },
          { ...worker, about: PEER },
        ],
      ],
      leaves: [
        [CLIENT, { ...CLIENT, ...worker, server: { target: 'db-2', port: 3306 } }],
        [CLIENT, { ...worker, about: 'peer cache:6379' }],
        // Every namespace has a loopback of its own.
        [
          { ...WEB, about: loopback },
          { ...worker, about: loopback },
        ],
      ],
    };
  },
  server: ({ cause, symptom }) => {
    expect({ cause: subjectsOf(cause).port, symptom: subjectsOf(symptom).server }).toEqual({
      cause: true,
      symptom: true,
    });
    return {
      ties: [[DB, CLIENT]],
      leaves: [
        [{ ...DB, about: 'port 3307' }, CLIENT],
        [{ ...DB, container: 'db-2' }, CLIENT],
        [DB, { ...WEB, about: PEER }],
      ],
    };
  },
  client: ({ cause, symptom }) => {
    expect({ cause: subjectsOf(cause).server, symptom: subjectsOf(symptom).port }).toEqual({
      cause: true,
      symptom: true,
    });
    return {
      ties: [[CLIENT, DB]],
      leaves: [
        [CLIENT, { ...DB, about: 'port 3307' }],
        [CLIENT, { ...DB, container: 'db-2' }],
        [{ ...WEB, about: PEER }, DB],
      ],
    };
  },
  awaited: () => {
    const log: Place = { container: 'syslog', pid: 51, about: 'unix /dev/log' };
    return {
      ties: [[log, { ...WEB, waitsFor: 'unix /dev/log' }]],
      leaves: [
        [log, WEB],
        [log, { ...WEB, waitsFor: 'unix /run/other' }],
      ],
    };
  },
  any: () => ({ ties: [[WEB, DB]], leaves: [] }),
};

function commonAbout({ cause, symptom }: CauseLink): string | undefined {
  const [a, b] = [subjectsOf(cause), subjectsOf(symptom)];
  if (a.peer && b.peer) return PEER;
  return a.port && b.port ? 'port 3306' : undefined;
}

const isTied = ({ cause, symptom }: CauseLink, [at, of]: readonly [Place, Place]) => {
  const findings = tied([finding(symptom, of), finding(cause, at)], replicaKey);
  // A rule may be linked to itself.
  return findings.some(
    ({ rule, causedBy }) => rule === symptom && causedBy !== undefined && findings[causedBy]?.rule === cause,
  );
};

describe.each(CAUSE_LINKS.map((link) => [`${link.cause} explains ${link.symptom} (${link.by})`, link] as const))(
  '%s',
  (_title, link) => {
    test('where they have in common what it needs', () => {
      const { ties } = PAIRS[link.by](link);
      for (const pair of ties) expect([pair, isTied(link, pair)]).toEqual([pair, true]);
    });

    test('not where they only look alike', () => {
      const { cause, symptom } = link;
      for (const pair of PAIRS[link.by](link).leaves) {
        const [at, of] = pair;
        expect([pair, explains(link, finding(cause, at), finding(symptom, of), replicaKey)]).toEqual([pair, false]);
      }
    });
  },
);

test.each(CAUSE_LINKS.filter(({ isSeen }) => isSeen))(
  '$cause that is forecast is no reason for $symptom that is seen',
  (link) => {
    const forecast: Finding = { ...finding(link.cause, WEB), confidence: 'medium' };
    expect(explains(link, forecast, finding(link.symptom, WEB), replicaKey)).toBe(false);
  },
);

test('links name rules of the catalogue, each pair once for a relation', () => {
  const names = new Set(RULES.map(({ name }) => name));
  for (const { cause, symptom } of CAUSE_LINKS) {
    expect([cause, names.has(cause)]).toEqual([cause, true]);
    expect([symptom, names.has(symptom)]).toEqual([symptom, true]);
  }
  const lines = CAUSE_LINKS.map(({ cause, symptom, by }) => `${cause} ${symptom} ${by}`);
  expect(new Set(lines).size).toBe(lines.length);
});
