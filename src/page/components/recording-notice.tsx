import { useLayoutEffect } from 'preact/hooks';
import { addKeys } from '../state/keys.ts';
import { isPart, leaveRecording, type ShownRecording, showWhole } from '../state/recording.ts';
import { sentence, shown } from '../text/shown.ts';
import { momentText } from '../text/times.ts';

/** What is shown is a recording: of which time, and how to leave it. */
export function RecordingNotice({ recording: { name, facts, isJudged } }: { recording: ShownRecording }) {
  useLayoutEffect(() => addKeys({ Escape: back, l: back }), []);
  return (
    <div class="notice ink" data-recording={facts?.isRead === true && isJudged ? 'ready' : 'reading'}>
      <b>Recording</b>
      <span>
        {shown(name)}
        {facts !== undefined && `, ${momentText(facts.fromMs, Date.now())} – ${momentText(facts.toMs, facts.fromMs)}`}
        {facts?.cut !== undefined && <span class="muted">. {shown(sentence(facts.cut))}</span>}
      </span>
      <span class="muted hide-s">{stateText(facts?.isRead === true, isJudged)}</span>
      <button type="button" class="btn" onClick={leaveRecording}>
        Leave <span class="key">esc</span>
      </button>
    </div>
  );
}

/** From a part to the whole, from there to the server's numbers. */
function back(): void {
  if (isPart()) showWhole();
  else leaveRecording();
}

function stateText(isRead: boolean, isJudged: boolean): string {
  if (!isRead) return 'Being read in this browser';
  return isJudged ? 'Read in this browser' : 'The rules judge it';
}
