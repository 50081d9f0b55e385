/** A command of the command line that the API has a path for. */
export interface ApiVerb {
  /** What its operands are; the names of their parameters. */
  operands: readonly ('target' | 'filter' | 'rule')[];
  /** Whether a TARGET must be given. */
  needsTarget: boolean;
  /** Its options without a value that are parameters, by their names in its declaration. */
  flags: readonly string[];
  /** Its options with a value that are parameters. */
  values: readonly string[];
  /** Whether it never ends by itself: `for` must then be given. */
  needsFor: boolean;
  /** Its other options, which a request may not use: they read or write files, format the output, or change something. */
  refused: readonly string[];
}

const RECORDED = ['from', 'at', 'speed'];
const OUTPUT = ['json', 'ndjson'];

/** The longest time that a request may watch, milliseconds. */
export const LONGEST_MS = 60_000;

/** The commands that only read, by their names: each is `GET /api/v1/NAME`. */
export const API_VERBS: Readonly<Record<string, ApiVerb>> = {
  ps: {
    operands: ['target'],
    needsTarget: false,
    flags: ['all', 'ss', 'netns', 'numeric'],
    values: ['filter', 'by', 'sort'],
    needsFor: false,
    refused: [...RECORDED, ...OUTPUT],
  },
  ls: {
    operands: ['target', 'filter'],
    needsTarget: true,
    flags: [
      ...[
        'tcp',
        'udp',
        'unix',
        'raw',
        'mptcp',
        'icmp',
        'packet',
        'vsock',
        'netlink',
        'ipv4',
        'ipv6',
        'all',
        'listening',
      ],
      ...['info', 'processes', 'netns', 'numeric', 'reverse', 'ss'],
    ],
    values: ['by', 'sort', 'limit'],
    needsFor: false,
    refused: ['explainFilter', ...RECORDED, ...OUTPUT],
  },
  limits: {
    operands: ['target'],
    needsTarget: true,
    flags: [],
    values: ['for', 'interval'],
    needsFor: false,
    refused: ['set', 'yes', 'fix', ...OUTPUT],
  },
  watch: {
    operands: ['target', 'filter'],
    needsTarget: false,
    flags: ['tcp', 'udp', 'netns', 'numeric', 'ss', 'noEvents'],
    values: ['by', 'interval', 'for'],
    needsFor: true,
    refused: [...RECORDED, ...OUTPUT],
  },
  events: {
    operands: ['target', 'filter'],
    needsTarget: false,
    flags: [
      ...['tcp', 'udp', 'netns', 'opened', 'failed', 'closed', 'retransmits', 'resets', 'drops', 'numeric', 'summary'],
      'ss',
    ],
    values: ['for', 'count'],
    needsFor: true,
    refused: [...RECORDED, ...OUTPUT],
  },
  doctor: {
    operands: ['target'],
    needsTarget: false,
    flags: ['redact', 'noEvents', 'noStack', 'netns', 'numeric'],
    values: ['for', 'interval', 'rule', 'skip', 'severity', 'pool', 'set', 'serverLimit', 'replicas'],
    needsFor: false,
    refused: ['all', 'verbose', 'quiet', 'report', 'config', ...RECORDED, ...OUTPUT],
  },
  explain: { operands: ['rule'], needsTarget: false, flags: [], values: [], needsFor: false, refused: OUTPUT },
};
