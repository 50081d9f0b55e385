/** A text that is being typed is sent after so long without another letter. */
export const TYPING_MS = 250;

/** After a question without an answer it is asked again after so long, milliseconds. */
export const AGAIN_MS = 5000;

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
