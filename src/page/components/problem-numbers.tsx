import type { ServedProblem } from '../../serve/protocol.ts';
import { labelText, valueText } from '../text/evidence.ts';

/** The numbers that show how bad a problem is, each above what it counts. */
export function ProblemNumbers({ numbers }: Pick<ServedProblem, 'numbers'>) {
  return (
    <>
      {numbers.map((number) => (
        <div key={number.what}>
          <b>{valueText(number)}</b>
          <span>{labelText(number)}</span>
        </div>
      ))}
    </>
  );
}
