import { overview } from '../state/live.ts';
import { shownRecording } from '../state/recording.ts';
import { linkTo } from '../state/route.ts';
import { bytesText, costText, percentText } from '../text/numbers.ts';
import { spanText, zoneText } from '../text/times.ts';

const SOURCES: Readonly<Record<string, string>> = {
  tracepoint: 'Connections reported by eBPF',
  sock_diag: 'Ends of connections reported by sock_diag',
};

/** Where the numbers come from, and what socklens itself costs. */
export function Footer() {
  const tick = overview.value;
  if (tick === undefined) return null;
  const recording = shownRecording.value;
  if (recording !== undefined) return <RecordedFooter atMs={tick.atMs} intervalMs={tick.serve.intervalMs} />;
  const { serve, atMs } = tick;
  const { eventSource, budget, history } = serve;
  return (
    <footer class="foot">
      <span>
        socklens {serve.version}, every {spanText(serve.intervalMs)}
      </span>
      <span>{eventSource === undefined ? 'Connections are not reported' : (SOURCES[eventSource] ?? eventSource)}</span>
      <span>
        {costText(serve.cpuShare)} of a core
        {budget !== undefined &&
          `, background budget ${percentText(budget.share)}${budget.stretched ? ' (used up)' : ''}`}
        , {bytesText(serve.residentBytes)}
      </span>
      <span>
        {history === undefined
          ? 'No history is kept'
          : `History ${spanText(history.keepMs)}, ${bytesText(history.bytes)}`}
      </span>
      <a class="muted" href={linkTo('about')}>
        About
      </a>
      <span class="end">Times are {zoneText(atMs)}</span>
    </footer>
  );
}

/** A recording costs this machine nothing. */
function RecordedFooter({ atMs, intervalMs }: { atMs: number; intervalMs: number }) {
  return (
    <footer class="foot">
      <span>A recording, every {spanText(intervalMs)}, read in this browser</span>
      <span class="end">Times are {zoneText(atMs)}</span>
    </footer>
  );
}
