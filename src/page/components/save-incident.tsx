import { useSignal } from '@preact/signals';
import { RequestError, send } from '../state/request.ts';
import { speak } from '../state/speech.ts';

const SHOWN_MS = 4000;

/** Keeps the last minutes, and the next ones, as a recording on the host. */
export function SaveIncident() {
  const said = useSignal<string | undefined>(undefined);
  const isBusy = useSignal(false);
  const save = async () => {
    isBusy.value = true;
    try {
      await send('api/v1/incidents', { method: 'POST' });
      said.value = 'Kept: see Incidents';
    } catch (error) {
      said.value = error instanceof RequestError && error.status !== 404 ? error.message : 'Nothing is recorded';
    }
    isBusy.value = false;
    speak(said.value);
    setTimeout(() => {
      said.value = undefined;
    }, SHOWN_MS);
  };
  return (
    <>
      {said.value !== undefined && <span class="muted said">{said.value}</span>}
      <button
        type="button"
        class="btn"
        disabled={isBusy.value}
        title="Keep the last 15 minutes and the next 5 as a recording on the host"
        onClick={save}
      >
        Save incident
      </button>
    </>
  );
}
