/** Programs as the doctor's rules know them. */
import type { StackFacts } from '../../src/model/stack/stack-facts.ts';

/** A program of which nothing is known but what is given. */
export function stackFacts(parts: Partial<StackFacts> = {}): StackFacts {
  return { pid: 4242, startTicks: 100, libraries: [], settings: [], absent: [], ...parts };
}

/** The program of the founding incident: Go with its MySQL driver, and nothing that caps its pool. */
export function goWithoutCap(parts: Partial<StackFacts> = {}): StackFacts {
  const path = '/webhook';
  return stackFacts({
    stack: 'Go',
    version: '1.19.8',
    path,
    libraries: [{ name: 'go-sql-driver/mysql', version: 'v1.7.1', proof: 'linked', path }],
    absent: ['database/sql.(*DB).SetMaxOpenConns'],
    ...parts,
  });
}
