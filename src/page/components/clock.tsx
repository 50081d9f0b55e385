import { useLayoutEffect } from 'preact/hooks';
import { PRESETS } from '../state/address.ts';
import { backToLive, isLive, range, showLast, step, zoomTo } from '../state/clock.ts';
import { addKeys, type KeyMap } from '../state/keys.ts';
import { freeze, isFrozen } from '../state/live.ts';
import {
  hasMoment,
  isPlaying,
  moment,
  moveTo,
  playSpeed,
  settle,
  stepMoment,
  stopPlaying,
  switchPlaying,
} from '../state/moment.ts';
import { problemsHere } from '../state/problems.ts';
import { shownRecording, showWhole } from '../state/recording.ts';
import { route } from '../state/route.ts';
import { momentText, utcText } from '../text/times.ts';
import { Ruler } from './ruler.tsx';
import { SaveIncident } from './save-incident.tsx';

/** Presets that stay where there is little room. */
const ALWAYS = ['15m', '1h', '24h'];

/** Length of time, live or not, and the ruler. It stays at the top of the page. */
export function Clock({ pointMs }: { pointMs: number | undefined }) {
  useLayoutEffect(() => addKeys(KEYS), []);
  const { time } = route.value;
  const { fromMs, toMs } = range.value;
  const isRecording = shownRecording.value !== undefined;
  return (
    <section class="clock" aria-label="Time shown">
      <div class="clock-in">
        <div class="clock-tools">
          {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out so */}
          <div class="seg" role="group" aria-label="Time span">
            {PRESETS.map(({ word, label, ms }) => (
              <button
                key={word}
                type="button"
                aria-pressed={'lastMs' in time && time.lastMs === ms}
                class={ALWAYS.includes(word) || ('lastMs' in time && time.lastMs === ms) ? '' : 'hide-s'}
                onClick={() => showLast(ms)}
              >
                {label}
              </button>
            ))}
          </div>
          {isRecording && isLive.value ? null : isLive.value ? (
            <span class={`live ${isFrozen.value ? 'off' : ''}`}>{isFrozen.value ? 'Frozen' : 'Live'}</span>
          ) : (
            <>
              <span class="muted nowrap hide-s" title={`${utcText(fromMs)} – ${utcText(toMs)}`}>
                {momentText(fromMs, Date.now())} – {momentText(toMs, fromMs)}
              </span>
              <button type="button" class="btn" onClick={isRecording ? showWhole : backToLive}>
                {isRecording ? 'All of it' : 'Back to live'} <span class="key">esc</span>
              </button>
            </>
          )}
          <span class="end">
            {!isRecording && <SaveIncident />}
            {hasMoment.value && <Replay />}
            {isLive.value && !isRecording && !hasMoment.value && (
              <button type="button" class="btn quiet hide-s" aria-pressed={isFrozen.value} onClick={switchFrozen}>
                {isFrozen.value ? 'Go on' : 'Freeze'} <span class="key">space</span>
              </button>
            )}
          </span>
        </div>
        <Ruler pointMs={pointMs} />
      </div>
    </section>
  );
}

/** Moves through the time shown. */
function Replay() {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out so
    <div class="seg" role="group" aria-label="Replay">
      <button type="button" title="Step back  [" aria-label="Step back" onClick={() => stepMoment(-1)}>
        ◂
      </button>
      <button type="button" aria-pressed={isPlaying.value} onClick={switchPlaying}>
        {isPlaying.value ? 'Pause' : `Play ${playSpeed.value}×`} <span class="key">space</span>
      </button>
      <button type="button" title="Step on  ]" aria-label="Step on" onClick={() => stepMoment(1)}>
        ▸
      </button>
    </div>
  );
}

function switchFrozen(): void {
  freeze(!isFrozen.peek());
}

/** Around a problem that a key leads to. */
const PROBLEM_MARGIN = 0.5;

/** Shows the next or previous problem in the middle; where a moment is shown, that of its beginning. */
function toProblem(direction: -1 | 1): void {
  const { fromMs, toMs } = range.peek();
  const middle = hasMoment.peek() ? moment.peek() : (fromMs + toMs) / 2;
  const starts = problemsHere
    .peek()
    .map(({ openedAtMs }) => openedAtMs)
    .filter((start) => (direction > 0 ? start > middle + 1 : start < middle - 1))
    .sort((a, b) => direction * (a - b));
  const [next] = starts;
  if (next === undefined) return;
  if (hasMoment.peek() && next >= fromMs) {
    stopPlaying();
    moveTo(next);
    settle();
  } else zoomTo(next - (toMs - fromMs) * PROBLEM_MARGIN, next + (toMs - fromMs) * PROBLEM_MARGIN);
}

const KEYS: KeyMap = {
  '[': () => (hasMoment.peek() ? stepMoment(-1) : step(-1)),
  ']': () => (hasMoment.peek() ? stepMoment(1) : step(1)),
  '{': () => toProblem(-1),
  '}': () => toProblem(1),
  ' ': () => (hasMoment.peek() ? switchPlaying() : switchFrozen()),
  l: backToLive,
  Escape: backToLive,
  ...Object.fromEntries(PRESETS.map(({ ms }, index) => [String(index + 1), () => showLast(ms)])),
};
