import type { ApiVerb } from './verbs.ts';

/** Commands that change something: each is `POST /api/v1/NAME`, with `--allow-actions` alone. */
export const API_ACTIONS: Readonly<Record<string, ApiVerb>> = {
  kill: {
    operands: ['target', 'filter'],
    needsTarget: true,
    flags: ['tcp', 'udp', 'ipv4', 'ipv6', 'netns', 'numeric', 'dryRun', 'includingListeners', 'ss', 'yes'],
    values: [],
    needsFor: false,
    refused: ['json', 'ndjson'],
  },
  limits: {
    operands: ['target'],
    needsTarget: true,
    flags: ['yes'],
    values: ['set'],
    needsFor: false,
    refused: ['fix', 'for', 'interval', 'json', 'ndjson'],
  },
};
