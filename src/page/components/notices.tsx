import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Notice } from '../../serve/protocol.ts';
import { connection, reconnect } from '../state/connection.ts';
import { notices } from '../state/live.ts';
import { recordingFault, shownRecording } from '../state/recording.ts';
import { shown } from '../text/shown.ts';
import { clockText, spanText } from '../text/times.ts';
import { RecordingNotice } from './recording-notice.tsx';
import { SeverityMark } from './severity.tsx';

const WORST_FIRST = { critical: 0, warning: 1, info: 2 };

/** What concerns the whole page, beneath the bar: the worst one, and the others at a click. */
export function NoticeBar() {
  const worst = [...notices.value].sort((a, b) => WORST_FIRST[a.severity] - WORST_FIRST[b.severity]);
  const state = connection.value;
  const isOpen = useSignal(false);
  const shownNotices = isOpen.value ? worst : worst.slice(0, 1);
  const rest = worst.length - shownNotices.length;
  return (
    <div role="status">
      {shownRecording.value !== undefined ? (
        <RecordingNotice recording={shownRecording.value} />
      ) : recordingFault.value !== undefined ? (
        <Fault text={recordingFault.value} />
      ) : state.state === 'lost' ? (
        <Lost state={state} />
      ) : (
        shownNotices.map((notice) => (
          <Said key={notice.text} notice={notice}>
            {rest > 0 && (
              <button
                type="button"
                class="btn"
                onClick={() => {
                  isOpen.value = true;
                }}
              >
                {rest} more
              </button>
            )}
          </Said>
        ))
      )}
    </div>
  );
}

function Said({ notice: { severity, text, hint }, children }: { notice: Notice; children: ComponentChildren }) {
  return (
    <div class={`notice ${severity}`}>
      <SeverityMark severity={severity} />
      <span>
        {shown(text)}
        {hint !== undefined && <span class="muted"> {shown(hint)}</span>}
      </span>
      {children}
    </div>
  );
}

/** A recording that cannot be shown. */
function Fault({ text }: { text: string }) {
  return (
    <div class="notice warning">
      <SeverityMark severity="warning" />
      <span>{shown(text)}</span>
      <button
        type="button"
        class="btn"
        onClick={() => {
          recordingFault.value = undefined;
        }}
      >
        Close
      </button>
    </div>
  );
}

/** The connection broke: the last numbers stay, dimmed, with their time. */
function Lost({ state }: { state: { sinceMs: number; retryAtMs: number; reason: string } }) {
  const now = useSignal(Date.now());
  useSignalEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1000);
    return () => clearInterval(timer);
  });
  const left = Math.max(0, Math.ceil((state.retryAtMs - now.value) / 1000));
  return (
    <div class="notice warning lost">
      <SeverityMark severity="info" />
      <span>
        No data since {clockText(state.sinceMs)} ({spanText(now.value - state.sinceMs)}): {state.reason}.
      </span>
      <span class="muted hide-s">{left === 0 ? 'Trying again' : `Trying again in ${left} s`}</span>
      <button type="button" class="btn" onClick={reconnect}>
        Try now
      </button>
    </div>
  );
}
