/** A text that is being typed is sent after so long without another letter. */
export const TYPING_MS = 250;

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
