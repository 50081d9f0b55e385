/** A receiver of remote write that answers as a test wants, and what arrived. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { uncompress } from 'snappyjs';

/** A sample that arrived: its labels as text, sorted as they were sent. */
export interface Arrived {
  series: string;
  value: number;
  isStale: boolean;
  atMs: number;
}

/** How a request is answered; `hang` for never. */
export type Answer = { status: number; headers?: Record<string, string>; body?: string } | 'hang';

export class Receiver {
  readonly requests: { headers: http.IncomingHttpHeaders; samples: Arrived[]; answered: Answer }[] = [];
  /** Answers of the next requests; then 204. */
  answers: Answer[] = [];
  readonly #server = http.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const answer = this.answers.shift() ?? { status: 204 };
      const samples = samplesOf(uncompress(Buffer.concat(pieces)));
      this.requests.push({ headers: request.headers, samples, answered: answer });
      if (answer === 'hang') return;
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    });
  });

  async start(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v1/write`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Samples that arrived with an answer that took them. */
  get taken(): Arrived[] {
    return this.requests.flatMap(({ answered, samples }) =>
      answered !== 'hang' && answered.status < 300 ? samples : [],
    );
  }
}

/** Reads a WriteRequest with the field numbers of prompb. */
function samplesOf(bytes: Uint8Array): Arrived[] {
  const all: Arrived[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    reader.tag();
    const series = new BinaryReader(reader.bytes());
    const labels: string[] = [];
    while (series.pos < series.len) {
      const [field] = series.tag();
      const part = new BinaryReader(series.bytes());
      if (field === 1) {
        part.tag();
        const name = part.string();
        part.tag();
        labels.push(`${name}=${part.string()}`);
        continue;
      }
      part.tag();
      const bits = BigInt(part.fixed64());
      const value = new DataView(BigUint64Array.of(bits).buffer).getFloat64(0, true);
      part.tag();
      const isStale = bits === 0x7ff0000000000002n;
      all.push({ series: labels.join(','), value, isStale, atMs: Number(part.int64()) });
    }
  }
  return all;
}
