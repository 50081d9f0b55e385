import type { Recorded, SourceOptions } from '../../sources/open-source.ts';
import type { Format } from '../context.ts';

/** What `socklens events` is asked for. */
export interface EventsOptions {
  /** A TARGET as typed, several with commas; undefined for all of a recording. */
  target: string | undefined;
  /** A recording to take them from; undefined for this machine. */
  from?: Recorded | undefined;
  /** As typed; empty for all. */
  filter: string;
  asSs: boolean;
  protos: readonly ('tcp' | 'udp')[];
  /** Plain numbers, no names. */
  numeric: boolean;
  /** How long, in milliseconds; undefined until it is stopped. */
  forMs: number | undefined;
  /** How many connections at most; undefined for no limit. */
  count: number | undefined;
  format: Extract<Format, 'text' | 'ndjson'>;
  /** Bytes of the kernel's buffer for events; undefined for the usual. */
  bufferBytes?: number | undefined;
  /** Wraps the source that is opened; undefined for the source itself. */
  through?: SourceOptions['through'];
}
