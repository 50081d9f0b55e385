import { signal } from '@preact/signals';

/** What a screen reader says next. */
export const spoken = signal('');

/** Has a screen reader say something, at the next pause. */
export function speak(text: string): void {
  spoken.value = text;
}
