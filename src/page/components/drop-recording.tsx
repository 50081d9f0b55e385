import { useSignal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { openFile } from '../state/recording.ts';

/** A recording that is dropped anywhere on the page opens in this browser. */
export function DropRecording() {
  const isOver = useSignal(false);
  // A file can be dropped on what is seen.
  useLayoutEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      isOver.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) isOver.value = false;
    };
    const drop = (event: DragEvent) => {
      isOver.value = false;
      const file = event.dataTransfer?.files[0];
      if (file === undefined) return;
      event.preventDefault();
      openFile(file);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, [isOver]);
  return isOver.value ? <div class="drop-over">Drop the recording: it is sent nowhere</div> : null;
}
