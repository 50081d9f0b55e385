import { errnoOf } from '../../base/errno.ts';
import type { History, HistoryOptions } from '../../history/history.ts';
import { HistoryError } from '../../history/history-error.ts';
import { openHistory } from '../../history/stored-history.ts';
import { Failure } from '../../model/failure.ts';

/**
 * Opens the history in a folder.
 *
 * @throws {Failure} `usage` for one that cannot be used: another `serve` has it, a later version wrote it
 */
export function openStore(folder: string, options: HistoryOptions): History {
  try {
    return openHistory(folder, options);
  } catch (error) {
    if (error instanceof HistoryError) throw new Failure('usage', `--data: ${error.message}`, { cause: error });
    const code = errnoOf(error);
    if (code === undefined) throw error;
    throw new Failure('usage', `--data ${folder}: cannot be used (${code})`, { cause: error });
  }
}
