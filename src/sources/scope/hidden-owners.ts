import { Failure } from '../../model/failure.ts';

/**
 * The error for containers that share their network namespace and whose processes may not be read: which sockets are
 * theirs is not known, and none would be wrong.
 *
 * @param name of the target @param why a sentence
 */
export function hiddenOwners(name: string, why: string): Failure {
  return new Failure(
    'not-permitted',
    `${name}: its network namespace is shared, and which sockets are its own is hidden (${why}); --netns shows those of all`,
  );
}
