import { Failure } from '../model/failure.ts';
import type { ArgumentsSchema } from './tool-descriptions.ts';

/** What the tools about incidents need: the data folder of `serve`. */
export interface KeptIncidents {
  /** The folder, as `--data` takes it. */
  folder: string;
  /**
   * Path of the recording of an incident.
   *
   * @throws {Failure} `usage` for an unknown one, and one that is still being recorded
   */
  recordingOf(id: string): string;
}

/** A tool that is no command of the API. */
export interface IncidentTool {
  brief: string;
  inputSchema: ArgumentsSchema;
  /** The command line that answers. @throws {Failure} */
  args(given: Readonly<Record<string, unknown>>, kept: KeptIncidents): string[];
}

const text = (description: string) => ({ type: 'string', description }) as const;

/** By their names: what a running `serve` has kept, and what the doctor says of it. */
export const INCIDENT_TOOLS: Readonly<Record<string, IncidentTool>> = {
  incidents: {
    brief: `Incidents that socklens serve has kept on this machine, the newest first: minutes of the past as recordings, saved at a critical problem or by hand
Of each: id, name, cause, moment (atMs, milliseconds since the epoch) and state. One that is saved can be asked about with incident_doctor.`,
    inputSchema: { type: 'object', properties: {}, required: [], additionalProperties: false },
    args: (_, { folder }) => ['incident', 'list', '--json', `--data=${folder}`],
  },
  incident_doctor: {
    brief: `What was wrong during an incident, why, the numbers, and the fix: the doctor over its recording
Nothing is measured now; it answers as doctor does.`,
    inputSchema: {
      type: 'object',
      properties: {
        id: text('The incident, by the id that incidents lists: 20261130-120005'),
        at: text('Judge up to this moment: +90s since the recording began, 14:03:59, or an ISO 8601 time'),
        for: text('Judge only so much of the time before that: 30s, 5m'),
        rule: text('Only this rule of the doctor'),
        pool: text('The size that a pool was meant to have: db:3306=50'),
        all: { type: 'boolean', description: 'Findings that are information too' },
      },
      required: ['id'],
      additionalProperties: false,
    },
    args({ id, at, for: time, rule, pool, all }, { recordingOf }) {
      if (typeof id !== 'string') throw new Failure('usage', 'incident_doctor: the argument id is missing');
      return [
        ...['doctor', `--from=${recordingOf(id)}`, '--json'],
        ...Object.entries({ at, for: time, rule, pool }).flatMap(([name, value]) =>
          value === undefined ? [] : [`--${name}=${value}`],
        ),
        ...(all === true ? ['--all'] : []),
      ];
    },
  },
};
