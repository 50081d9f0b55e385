import zlib from 'node:zlib';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { Failure, type FailureKind } from '../../model/failure.ts';
import type { ErrorAnswer } from '../protocol.ts';

/** HTTP status of a failure. */
const STATUS: Readonly<Record<FailureKind, ContentfulStatusCode>> = {
  usage: 400,
  'no-target': 404,
  'not-permitted': 403,
  unsupported: 501,
  io: 503,
  fault: 500,
};

/** An answer that says why there is no other. */
export function refuse(
  context: Context,
  status: ContentfulStatusCode,
  kind: string,
  message: string,
  details?: readonly string[],
): Response {
  const answer: ErrorAnswer = { error: { kind, message, ...(details !== undefined && { details }) } };
  context.header('Cache-Control', 'no-store');
  return context.json(answer, status);
}

/** The answer for an error; of one that is none of the user's, nothing is told. */
export function failed(context: Context, error: unknown): Response {
  if (!(error instanceof Failure)) return refuse(context, 500, 'fault', 'an error in socklens; its log has it');
  const details = error.details.length > 0 ? error.details : undefined;
  return refuse(context, STATUS[error.kind], error.kind, error.message, details);
}

/** Answers shorter than this are not compressed, characters. */
const GZIP_FROM = 1024;

/** Whether the answer may be compressed. */
export function acceptsGzip(context: Context): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(context.req.header('accept-encoding') ?? '');
}

/** An answer as JSON, compressed where that is wanted. */
export function json(context: Context, value: unknown): Response {
  return jsonText(context, JSON.stringify(value));
}

/** As {@link json}, of a text that is JSON already. */
export function jsonText(context: Context, text: string): Response {
  context.header('Content-Type', 'application/json; charset=utf-8');
  context.header('Cache-Control', 'no-store');
  context.header('Vary', 'Accept-Encoding');
  if (text.length < GZIP_FROM || !acceptsGzip(context)) return context.body(text);
  context.header('Content-Encoding', 'gzip');
  return context.body(Uint8Array.from(zlib.gzipSync(text, { level: 1 })));
}
