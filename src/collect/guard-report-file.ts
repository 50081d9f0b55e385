import { issueText } from '../base/issue-text.ts';
import { Failure } from '../model/failure.ts';
import type { GuardReport } from '../model/report/guard.ts';

/**
 * Parses the JSON report of a `socklens guard` run.
 *
 * @param file its name, for messages
 * @returns undefined for bytes that do not begin as a JSON object: the file may be a recording
 * @throws {Failure} `usage` for malformed JSON, another kind of document, or another schema version
 */
export async function readGuardReport(file: string, bytes: Uint8Array): Promise<GuardReport | undefined> {
  // `{`
  if (bytes[0] !== 0x7b) return undefined;
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new Failure('usage', `${file}: not a JSON document (${(error as Error).message})`, { cause: error });
  }
  const v = await import('valibot');
  const count = v.pipe(v.number(), v.finite());
  const time = v.pipe(v.string(), v.isoTimestamp());
  const shape = v.looseObject({
    schema: v.literal(1),
    type: v.literal('guard'),
    command: v.looseObject({ startedAt: time, endedAt: time }),
    budgets: v.array(
      v.looseObject({
        budget: v.string(),
        operator: v.string(),
        verdict: v.picklist(['held', 'broken', 'not judged']),
        unit: v.optional(v.picklist(['/s', '%'])),
        worst: v.optional(v.looseObject({ value: count })),
      }),
    ),
    states: v.array(v.looseObject({ target: v.string(), states: v.record(v.string(), v.array(count)) })),
    findings: v.array(
      v.looseObject({
        rule: v.string(),
        severity: v.picklist(['info', 'warning', 'critical']),
        scope: v.looseObject({ name: v.string() }),
        summary: v.string(),
      }),
    ),
  });
  const result = v.safeParse(shape, raw);
  if (result.success) return result.output as unknown as GuardReport;
  throw new Failure('usage', `${file}: not a socklens guard report: ${issueText(result.issues[0], 'the document')}`);
}
