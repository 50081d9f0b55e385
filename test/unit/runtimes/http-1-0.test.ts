import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HttpAnswer, HttpError } from '../../../src/runtimes/docker/http.ts';
import { Http10Reader, http10Request } from '../../../src/runtimes/docker/http-1-0.ts';

/** Passes these pieces of an answer to the parser; the peer closes after the last. */
function read(pieces: readonly string[], limits = { header: 1000, body: 1000 }): HttpAnswer {
  const reader = new Http10Reader(limits);
  for (const piece of pieces) if (reader.push(Buffer.from(piece, 'latin1'))) break;
  return reader.end();
}

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
/** Answers, and the status and body that RFC 9112 gives them. */
const GOOD: [what: string, text: string, status: number, body: string][] = [
  ['a length', LENGTH, 200, 'hello'],
  ['a length of 0', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', 404, ''],
  ['neither: until the other side closes', 'HTTP/1.1 200 OK\r\n\r\nhello', 200, 'hello'],
  ['HTTP/1.0', 'HTTP/1.0 500 Oh\r\n\r\n{}', 500, '{}'],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx', 200, 'x'],
  ['a status without a body', 'HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
  ['bytes after the end', `${LENGTH}HTTP/1.1 500 No\r\n\r\n`, 200, 'hello'],
];

test('a request neither keeps the connection open nor accepts chunks', () => {
  expect(http10Request('/containers/json?all=1').toString()).toBe(
    'GET /containers/json?all=1 HTTP/1.0\r\nHost: localhost\r\nUser-Agent: socklens\r\n\r\n',
  );
});

describe('answers', () => {
  test.each(GOOD)('%s', (_, text, status, body) => {
    const answer = read([text]);
    expect([answer.status, answer.body.toString()]).toEqual([status, body]);
  });

  test.each(GOOD)('%s, a byte at a time', (_, text, status, body) => {
    const answer = read([...text]);
    expect([answer.status, answer.body.toString()]).toEqual([status, body]);
  });

  test('however they are cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...GOOD),
        fc.array(fc.nat(120), { maxLength: 12 }),
        ([, text, status, body], cutsAt) => {
          const cuts = [0, ...cutsAt.filter((at) => at < text.length).sort((a, b) => a - b), text.length];
          const answer = read(cuts.slice(1).map((end, index) => text.slice(cuts[index], end)));
          expect([answer.status, answer.body.toString()]).toEqual([status, body]);
        },
      ),
    );
  });

  test('headers by their names in lower case', () => {
    const { headers } = read([
      'HTTP/1.1 200 OK\r\nServer:  Docker/1 (linux) \r\nX-EMPTY:\r\ncontent-length: 0\r\n\r\n',
    ]);
    expect(Object.fromEntries(headers)).toEqual({ server: 'Docker/1 (linux)', 'x-empty': '', 'content-length': '0' });
  });
});

describe('malformed answers', () => {
  test.each([
    ['nothing', '', 'before its header was complete'],
    ['half a header', 'HTTP/1.1 200 OK\r\nServer: Doc', 'before its header was complete'],
    ['part of the first word', 'HTT', 'before its header was complete'],
    ['half a body', LENGTH.slice(0, -2), 'after 3 bytes of an unfinished body'],
    ['another protocol', 'SSH-2.0-OpenSSH_9\r\n', 'not HTTP/1: "SSH-2.0-OpenSSH_9'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n', 'not HTTP/1'],
    ['bytes', '\x00\x01\x02\x1b[2J', 'not HTTP/1: "\\u0000\\u0001\\u0002\\u001b[2J"'],
    ['a status that is none', 'HTTP/1.1 2000 OK\r\n\r\n', 'not HTTP/1'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n', 'without a name'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n', 'without a name'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'a length that is not a number'],
    ['a length of words', 'HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n', 'a length that is not a number'],
    ['a huge length', 'HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n', 'longer than 1000 bytes'],
    ['an interim answer', `HTTP/1.1 100 Continue\r\n\r\n${LENGTH}`, 'not HTTP/1: "HTTP/1.1 100 Continue"'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'which HTTP/1.0 rules out: "chunked"'],
  ])('%s', (_, text, message) => {
    expect(() => read([text])).toThrow(HttpError);
    expect(() => read([text])).toThrow(message);
    expect(() => read([...text])).toThrow(HttpError);
  });

  test('a header without an end', () => {
    const reader = new Http10Reader({ header: 1000, body: 1000 });
    expect(() => {
      for (let count = 0; count < 100; count++) reader.push(Buffer.from('HTTP/1.1 200 OK\r\nx: 0123456789'));
    }).toThrow('header is longer than 1000 bytes');
  });

  test('a body without an end', () => {
    const reader = new Http10Reader({ header: 1000, body: 1000 });
    reader.push(Buffer.from('HTTP/1.0 200 OK\r\n\r\n'));
    expect(() => {
      for (let count = 0; count < 200; count++) reader.push(Buffer.from('0123456789'));
    }).toThrow('body is longer than 1000 bytes');
  });

  test('random bytes end in an answer or an error, never in another exception', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom(
          'HTTP/1.1 200 OK\r\n',
          'Transfer-Encoding: chunked\r\n',
          'Content-Length: 3\r\n',
          '\r\n',
          '0',
          '5\r\n',
        ),
        fc.string({ maxLength: 8 }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(pieces, (texts) => {
        try {
          read(texts);
        } catch (error) {
          if (!(error instanceof HttpError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
