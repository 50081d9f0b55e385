import fs from 'node:fs';
import path from 'node:path';
import { wasSetBack } from '../../base/clock-set.ts';
import { reasonOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { RecordingMaker } from '../recorder/recorder.ts';
import { type ChangeLine, RecordingFile } from '../recorder/recording-file.ts';
import type { SampleSource, Tick } from '../sample-source.ts';
import { EventBudget } from './event-budget.ts';
import type { Incident } from './incident.ts';
import type { IncidentFolder } from './incident-folder.ts';
import { joinRecordings } from './join-recordings.ts';
import { RecordingRing, type Segment } from './recording-ring.ts';

/** How much the flight recorder keeps. */
export interface FlightRecorderOptions {
  /** How much of the past is in the ring, milliseconds (`--recorder`). */
  keepMs: number;
  /** Size of the ring, bytes. */
  maxBytes: number;
  /** Incidents that are kept, and their size together, bytes. */
  maxIncidents: number;
  maxIncidentBytes: number;
  /** An incident has this much of the time before its moment, and after it, milliseconds. */
  incidentMs: { before: number; after: number };
}

/** Defaults of `serve`. */
export const FLIGHT_RECORDER_DEFAULTS: FlightRecorderOptions = {
  keepMs: 30 * 60_000,
  maxBytes: 100e6,
  maxIncidents: 50,
  maxIncidentBytes: 1e9,
  incidentMs: { before: 15 * 60_000, after: 5 * 60_000 },
};

/** Segments in a full ring: an incident begins at one, so that it has a part more than is wanted. */
const SEGMENTS = 15;

/** After an error of the disk the next attempt is made so much later, milliseconds. */
const RETRY_MS = 3000;

/** A segment that is being written. */
interface OpenSegment {
  segment: Segment;
  file: RecordingFile;
  maker: RecordingMaker;
}

/**
 * Keeps the last minutes as recordings on the disk, and makes incidents of them. `serve` gives it each tick and each
 * connection event. It never fails because of the disk: what is not kept is in {@link notKept}.
 */
export class FlightRecorder {
  readonly incidents: IncidentFolder;
  /** Made to each line from now on; undefined for none. */
  changeLine: ChangeLine | undefined;
  readonly #source: SampleSource;
  readonly #target: string;
  readonly options: FlightRecorderOptions;
  readonly #ring: RecordingRing;
  readonly #segmentMs: number;
  #open: OpenSegment | undefined;
  /** The maker of the last segment: the next one continues it. */
  #last: RecordingMaker | undefined;
  readonly #budget = new EventBudget();
  #tickMs = 0;
  #retryMs = 0;
  #error: string | undefined;
  #incidentError: string | undefined;
  #seenNs: bigint | undefined;
  #pending: Incident[] = [];
  /** Incidents are made one after the other, beside the ticks. */
  #saving: Promise<void> = Promise.resolve();

  /**
   * @param folder the data folder
   * @param target as typed, for the recordings
   * @throws {Failure} `io` when the folder of the ring cannot be made
   */
  constructor(
    source: SampleSource,
    incidents: IncidentFolder,
    { folder, target, options }: { folder: string; target: string; options: FlightRecorderOptions },
  ) {
    this.#source = source;
    this.#target = target;
    this.options = options;
    this.incidents = incidents;
    this.#segmentMs = options.keepMs / SEGMENTS;
    const ring = path.join(folder, 'recorder');
    try {
      incidents.removeParts();
      this.#ring = new RecordingRing(ring);
    } catch (error) {
      throw new Failure('io', `${ring}: ${reasonOf(error)}`, { cause: error });
    }
    // What was being recorded when the last process ended is made of what there is.
    this.#pending = incidents.list().filter(({ state }) => state === 'recording');
    for (const incident of this.#pending) incident.toMs = Math.min(incident.toMs, Date.now());
  }

  /** Size of the ring, bytes. */
  get bytes(): number {
    return this.#ring.bytes;
  }

  /** Time of its oldest tick, milliseconds since the epoch; undefined while it is empty. */
  get fromMs(): number | undefined {
    return this.#ring.segments[0]?.fromMs;
  }

  /** What is not kept at present, in sentences; empty when all is well. */
  get notKept(): string[] {
    const ring = this.#error === undefined ? [] : [`the last minutes are not recorded: ${this.#error}`];
    return this.#incidentError === undefined ? ring : [...ring, this.#incidentError];
  }

  /** Adds a connection event. */
  event({ netns }: WatchedNetns, event: ConnectionEvent): void {
    if (this.#open !== undefined) this.#budget.take(netns, event, this.#open.maker);
  }

  /** Adds a tick, whose snapshots may change afterwards. */
  async tick(tick: Tick): Promise<void> {
    const { atMs } = tick;
    try {
      // The ring gives up the time that comes again: incidents are made before.
      if (wasSetBack(this.#tickMs, atMs)) await this.#endWithIncidents();
      if (this.#isDue(atMs)) await this.#begin(atMs);
      if (this.#open !== undefined) await this.#write(this.#open, tick);
    } catch (error) {
      await this.#giveUp(error, atMs);
    }
    this.#tickMs = atMs;
    this.#takeWanted();
    this.#saveDue(atMs);
    const needed = this.#pending.map(({ fromMs }) => fromMs);
    const neededMs = needed.length === 0 ? undefined : Math.min(...needed);
    this.#ring.drop(atMs - this.options.keepMs, this.options.maxBytes, neededMs);
  }

  /**
   * Saves an incident: some of the time before now, and what will be recorded of the time after. One that no person asked
   * for joins the one that is still being recorded.
   *
   * @throws {Failure} `io` when it cannot be written
   */
  save({ name = '', cause, isAutomatic }: { name?: string; cause: string; isAutomatic: boolean }): Incident {
    const current = this.#pending.find(({ toMs }) => toMs > this.#tickMs);
    if (isAutomatic && current !== undefined) return current;
    const atMs = this.#tickMs || Date.now();
    const incident = this.incidents.add({ name, cause, isAutomatic, atMs, ...this.#timeOf(atMs) }, 'recording');
    this.#pending.push(incident);
    return incident;
  }

  /** Ends the segment; incidents that are being recorded are made of what there is. */
  async close(): Promise<void> {
    await this.#endWithIncidents();
    await this.#saving;
  }

  async #endWithIncidents(): Promise<void> {
    await this.#end();
    const nowMs = this.#tickMs || Date.now();
    for (const incident of this.#pending) incident.toMs = Math.min(incident.toMs, nowMs);
    this.#saveDue(nowMs);
  }

  #timeOf(atMs: number): { fromMs: number; toMs: number } {
    const { before, after } = this.options.incidentMs;
    return { fromMs: atMs - before, toMs: atMs + after };
  }

  #isDue(atMs: number): boolean {
    if (this.#open === undefined) return atMs >= this.#retryMs || atMs < this.#tickMs;
    const { fromMs, bytes } = this.#open.segment;
    // Also when the clock was set.
    const age = atMs - fromMs;
    return age >= this.#segmentMs || age < 0 || atMs < this.#tickMs || bytes > (this.options.maxBytes / SEGMENTS) * 3;
  }

  async #begin(atMs: number): Promise<void> {
    await this.#end();
    const segment = this.#ring.begin(atMs);
    const file = RecordingFile.create(segment.file, (line) => this.changeLine?.(line) ?? line);
    const { intervalMs, eventSource } = this.#source;
    // Only the ends of connections are recorded, as of a source that reports nothing else: half the bytes and the time.
    const header = {
      startedAtMs: atMs,
      intervalMs,
      target: this.#target,
      events: eventSource !== undefined,
      ...(eventSource !== undefined && { eventSource: 'sock_diag' as const }),
      closely: false,
      redacted: false,
    };
    const maker = new RecordingMaker(file, header, true, this.#last);
    this.#open = { segment, file, maker };
    this.#last = maker;
  }

  async #write({ segment, file, maker }: OpenSegment, tick: Tick): Promise<void> {
    await maker.add(this.#budget.withLost(tick), this.#source);
    await file.flush();
    segment.bytes = file.bytes;
    this.#error = undefined;
  }

  async #end(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    open.maker.finish(this.#tickMs);
    await open.file.close();
    open.segment.bytes = open.file.bytes;
  }

  /** The disk takes no more: what was written can be read, and the rest is not kept. */
  async #giveUp(error: unknown, atMs: number): Promise<void> {
    if (!(error instanceof Failure)) throw error;
    this.#error = error.message;
    this.#retryMs = atMs + RETRY_MS;
    await this.#end().catch((again: unknown) => {
      if (!(again instanceof Failure)) throw again;
    });
  }

  /** Incidents that the command line asked for. */
  #takeWanted(): void {
    const changed = this.incidents.changedAtNs();
    if (changed === this.#seenNs) return;
    this.#seenNs = changed;
    for (const incident of this.incidents.list()) {
      if (incident.state !== 'wanted') continue;
      const taken: Incident = { ...incident, ...this.#timeOf(incident.atMs), state: 'recording' };
      try {
        this.incidents.save(taken);
        this.#pending.push(taken);
      } catch (error) {
        this.#incidentFailed(taken, error);
      }
    }
  }

  #saveDue(atMs: number): void {
    const due = this.#pending.filter(({ toMs }) => atMs >= toMs);
    if (due.length === 0) return;
    // What is made of them stays in the ring until then: each is made before the next tick deletes anything.
    this.#pending = this.#pending.filter((incident) => !due.includes(incident));
    for (const incident of due) {
      const links = this.#link(incident);
      this.#saving = this.#saving.then(() => this.#make(incident, links));
    }
  }

  /** Second names for the recordings that an incident is made of: the ring may delete its own. */
  #link({ id, fromMs, toMs }: Incident): string[] {
    return this.#ring.between(fromMs, toMs).flatMap(({ file }, index) => {
      const link = `${this.incidents.recordingOf(id)}.${index}`;
      try {
        fs.rmSync(link, { force: true });
        fs.linkSync(file, link);
        return [link];
      } catch {
        return [];
      }
    });
  }

  async #make(incident: Incident, files: readonly string[]): Promise<void> {
    const { id, toMs } = incident;
    const recording = this.incidents.recordingOf(id);
    const temporary = `${recording}.new`;
    try {
      fs.rmSync(temporary, { force: true });
      const times = files.length === 0 ? undefined : await joinRecordings(files, temporary, toMs);
      // It may have been renamed, or deleted, meanwhile.
      const current = this.incidents.find(id);
      if (current === undefined) {
        fs.rmSync(temporary, { force: true });
        return;
      }
      if (times === undefined) throw new Failure('io', 'nothing is recorded of that time');
      fs.renameSync(temporary, recording);
      this.incidents.save({ ...current, ...times, state: 'saved', bytes: fs.statSync(recording).size });
      this.#incidentError = undefined;
      this.incidents.limit({ count: this.options.maxIncidents, bytes: this.options.maxIncidentBytes });
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      this.#incidentFailed(incident, error);
    } finally {
      for (const file of files) fs.rmSync(file, { force: true });
    }
  }

  #incidentFailed(incident: Incident, error: unknown): void {
    const why = error instanceof Failure ? error.message : reasonOf(error);
    this.#incidentError = `incident ${incident.id} is not kept: ${why}`;
    try {
      this.incidents.save({ ...incident, state: 'failed', error: why });
    } catch {
      // The sentence above says it.
    }
  }
}
