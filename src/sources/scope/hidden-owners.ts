import { Failure } from '../../model/failure.ts';

/** The error for containers that share their network namespace and whose processes may not be read. */
export class HiddenOwners extends Failure {
  readonly names: readonly string[];
  readonly why: string;

  /** @param names of the targets @param why a sentence */
  constructor(names: readonly string[], why: string) {
    super('not-permitted', `${names.join(', ')}: ${sentence(why)}`);
    this.names = names;
    this.why = why;
  }
}

/** One line for several errors of one reason. */
export function hiddenNote(errors: readonly HiddenOwners[]): string {
  const names = errors.flatMap((error) => error.names);
  const [first, second, ...others] = names;
  const whom = others.length > 1 ? `${first}, ${second} and ${others.length} more` : names.join(', ');
  return `${whom}: ${sentence(errors[0]?.why ?? '')}`;
}

// That none of the sockets is theirs would be wrong.
function sentence(why: string): string {
  return `in a shared network namespace whose sockets cannot be attributed (${why}); --netns shows those of all`;
}
