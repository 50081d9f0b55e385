import { checkWritable, writeWholeFile } from '../act/write-file.ts';
import { Failure } from '../model/failure.ts';

/** How a report becomes the content of a file, by the extension of the file's name. */
export type Renderers<T> = Readonly<Record<string, (report: T) => string>>;

/** A file of `--report`. */
export interface ReportFile<T> {
  file: string;
  render(report: T): string;
}

/**
 * The files of `--report`, whose extensions choose their formats. They are checked before the work whose result they
 * get.
 *
 * @param formats the extensions to choose from, for the message
 * @throws {Failure} `usage` for an unknown extension or a file that cannot be written
 */
export function reportFiles<T>(files: readonly string[], renderers: Renderers<T>, formats: string): ReportFile<T>[] {
  return files.map((file) => {
    const ending = /\.([A-Za-z]+)$/.exec(file)?.[1]?.toLowerCase() ?? '';
    const render = Object.hasOwn(renderers, ending) ? renderers[ending] : undefined;
    if (render === undefined) {
      throw new Failure('usage', `--report ${file}: the extension chooses the format: ${formats}`);
    }
    checkWritable(file);
    return { file, render };
  });
}

/** @throws {Failure} when a file cannot be written */
export function writeReports<T>(files: readonly ReportFile<T>[], report: T): void {
  for (const { file, render } of files) writeWholeFile(file, render(report));
}
