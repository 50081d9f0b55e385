import type { ConnectionEventRow, Lifetime } from '../model/socket/connection-event.ts';
import { EVENTS_DROPPED } from '../model/socket/lost-events.ts';
import type { PacketEventRow } from '../model/socket/packet-event.ts';
import type { Endpoint } from '../model/socket/socket-row.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ClosedOutput, ClosedSummary, EventGap } from './closed-output.ts';

/** Maximum number of names whose JSON text is cached; most streams have few. */
const MAX_CACHED_NAMES = 10_000;

/**
 * Connection events as lines of NDJSON, written directly into bytes without JSON.stringify: there may be tens of
 * thousands per second, and most of a line is numbers.
 */
export class ClosedJson implements ClosedOutput {
  /** JSON text of names, cached as bytes. */
  readonly #quoted = new Map<string, Uint8Array>();
  /** The time of the last line, which many lines share. */
  #at: Date | undefined;
  #atText = '';

  header(): void {}

  connection(out: ByteWriter, closed: ConnectionEventRow): void {
    const { at, processes, container, role, outcome, cookie } = closed;
    if (at !== this.#at) {
      this.#at = at;
      this.#atText = at.toISOString();
    }
    out.ascii('{"type":"connection","event":"');
    out.ascii(closed.event);
    out.ascii('","at":"');
    out.ascii(this.#atText);
    out.ascii('","target":');
    this.#name(out, closed.target);
    out.ascii(',"proto":"');
    out.ascii(closed.proto);
    out.ascii('","family":"');
    out.ascii(closed.family);
    out.ascii('","local":');
    this.#endpoint(out, closed.local);
    out.ascii(',"peer":');
    this.#endpoint(out, closed.peer);
    if (role !== undefined) out.ascii(role === 'server' ? ',"role":"server"' : ',"role":"client"');
    if (processes !== undefined) this.#processes(out, processes);
    if (container !== undefined) {
      out.ascii(',"container":');
      this.#name(out, container);
    }
    number(out, ',"latencyUs":', closed.latencyUs);
    number(out, ',"acceptWaitUs":', closed.acceptWaitUs);
    if (closed.lifetime !== undefined) lifetime(out, closed.lifetime);
    number(out, ',"bytesSent":', closed.bytesSent);
    number(out, ',"bytesReceived":', closed.bytesReceived);
    number(out, ',"rttUs":', closed.rttUs);
    number(out, ',"retransmits":', closed.retransmits);
    word(out, ',"outcome":"', outcome);
    word(out, ',"closedBy":"', closed.closedBy);
    word(out, ',"errno":"', closed.errno);
    word(out, ',"source":"', closed.source);
    number(out, ',"count":', closed.count);
    word(out, ',"cookie":"', cookie);
    out.ascii('}\n');
  }

  packet(out: ByteWriter, row: PacketEventRow): void {
    line(out, { type: 'packet', ...row });
  }

  gap(out: ByteWriter, gap: EventGap): void {
    line(out, { type: 'gap', ...gap, reason: EVENTS_DROPPED });
  }

  summary(out: ByteWriter, summary: ClosedSummary): void {
    line(out, { type: 'summary', ...summary });
  }

  #processes(out: ByteWriter, processes: NonNullable<ConnectionEventRow['processes']>): void {
    let before = ',"processes":[';
    for (const { pid, name } of processes) {
      out.ascii(before);
      before = ',';
      out.ascii('{"pid":');
      out.uint(pid);
      out.ascii(',"name":');
      this.#name(out, name);
      out.ascii('}');
    }
    out.ascii(']');
  }

  #endpoint(out: ByteWriter, { address, port, name, service }: Endpoint): void {
    out.ascii('{"address":"');
    out.ascii(address);
    out.ascii('","port":');
    out.uint(port);
    if (name !== undefined) {
      out.ascii(',"name":');
      this.#name(out, name);
    }
    if (service !== undefined) {
      out.ascii(',"service":');
      this.#name(out, service);
    }
    out.ascii('}');
  }

  #name(out: ByteWriter, text: string): void {
    let bytes = this.#quoted.get(text);
    if (bytes === undefined) {
      const writer = new ByteWriter();
      writer.text(JSON.stringify(text));
      bytes = writer.bytes().slice();
      if (this.#quoted.size < MAX_CACHED_NAMES) this.#quoted.set(text, bytes);
    }
    out.raw(bytes);
  }
}

function number(out: ByteWriter, key: string, value: number | undefined): void {
  if (value === undefined) return;
  out.ascii(key);
  out.uint(value);
}

function word(out: ByteWriter, key: string, value: string | undefined): void {
  if (value === undefined) return;
  out.ascii(key);
  out.ascii(value);
  out.ascii('"');
}

function lifetime(out: ByteWriter, { atLeastMs, atMostMs }: Lifetime): void {
  number(out, ',"lifetime":{"atLeastMs":', atLeastMs);
  number(out, ',"atMostMs":', atMostMs);
  out.ascii('}');
}

function line(out: ByteWriter, object: object): void {
  out.text(JSON.stringify(object));
  out.ascii('\n');
}
