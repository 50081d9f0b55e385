import type { ServeRun } from './serve.ts';

/** The live stream of one row: its events `container`, one after the other. */
export function containerEvents({ link, origin }: Pick<ServeRun, 'link' | 'origin'>, name: string) {
  const token = new URL(link).hash.replace('#token=', '');
  const ended = new AbortController();
  const answer = fetch(`${origin}/api/v1/stream?container=${encodeURIComponent(name)}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: ended.signal,
  });
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let text = '';
  return {
    /** Waits for the next one. */
    async next(): Promise<unknown> {
      reader ??= (await answer).body?.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end >= 0) {
          const event = text.slice(0, end);
          text = text.slice(end + 2);
          const data = /^data: (.*)$/m.exec(event)?.[1];
          if (event.startsWith('event: container\n') && data !== undefined) return JSON.parse(data);
          continue;
        }
        const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
        if (done) throw new Error('the stream ended');
        text += decoder.decode(value, { stream: true });
      }
    },
    async close(): Promise<void> {
      ended.abort();
      await answer.catch(() => undefined);
    },
  };
}
