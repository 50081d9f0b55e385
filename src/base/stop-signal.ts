/** The part of `AbortSignal` that streams use. Declared here for modules that are compiled without Node's types. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
