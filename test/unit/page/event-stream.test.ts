import { expect, test } from 'vitest';
import { EventParser, type StreamEvent } from '../../../src/page/state/event-stream.ts';

const STREAM =
  ': comment\n\nid: 7\nevent: tick\ndata: {"a":1}\n\nid: 8\r\ndata: one\r\ndata:two\r\n\r\nevent: lost\n\nid\ndata\n\n';

test('server-sent events are the same however the bytes arrive', () => {
  const expected = [
    { id: '7', name: 'tick', data: '{"a":1}' },
    { id: '8', name: 'message', data: 'one\ntwo' },
    // An event without data is none; a field without a colon is empty.
    { id: '', name: 'message', data: '' },
  ];
  for (const size of [1, 2, 3, 7, STREAM.length]) {
    const events: StreamEvent[] = [];
    const parser = new EventParser((event) => events.push(event));
    for (let at = 0; at < STREAM.length; at += size) parser.take(STREAM.slice(at, at + size));
    expect(events).toEqual(expected);
  }
});
