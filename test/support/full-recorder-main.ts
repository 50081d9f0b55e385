/** A flight recorder on a disk that is full for some ticks: `node full-recorder-main.ts FOLDER RECORDING`. */
import fs from 'node:fs';
import path from 'node:path';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { FLIGHT_RECORDER_DEFAULTS, FlightRecorder } from '../../src/sources/incidents/flight-recorder.ts';
import { IncidentFolder } from '../../src/sources/incidents/incident-folder.ts';
import { fileInput } from '../../src/sources/recorded/file-input.ts';
import { RecordedSource } from '../../src/sources/recorded/recorded-source.ts';

const [folder = '', recording = ''] = process.argv.slice(2);
const whole = { targets: undefined, speed: undefined, sinceMs: undefined, untilMs: undefined, names: true };
const source = await RecordedSource.open(fileInput(recording), whole);
const incidents = new IncidentFolder(folder);
const options = { ...FLIGHT_RECORDER_DEFAULTS, keepMs: 15_000, incidentMs: { before: 60_000, after: 60_000 } };
const recorder = new FlightRecorder(source, incidents, { folder, target: 'all', options });
const filler = path.join(folder, 'filler');
const notKept: string[][] = [];
const request = {
  isForeground: () => false,
  query: () => everySocket(),
  processes: 'kinds' as const,
  allCounters: true,
};
for (let tick = await source.next(request); tick !== undefined; tick = await source.next(request)) {
  if (notKept.length === 2) fill();
  if (notKept.length === 5) fs.rmSync(filler);
  await recorder.tick(tick);
  notKept.push(recorder.notKept);
}
const { id } = recorder.save({ cause: 'by hand', isAutomatic: false });
await recorder.close();
fs.writeSync(1, JSON.stringify({ notKept, incident: incidents.get(id) }));

function fill(): void {
  const fd = fs.openSync(filler, 'w');
  for (const size of [4096, 1]) {
    try {
      for (;;) fs.writeSync(fd, new Uint8Array(size));
    } catch {
      // Full.
    }
  }
  fs.closeSync(fd);
}
