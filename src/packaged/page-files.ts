import fs from 'node:fs';
import path from 'node:path';
import { packageFile } from './package-files.ts';

/** A file of the page of `serve`. */
export interface PageFile {
  /** Value of `Content-Type`. */
  type: string;
  bytes: Uint8Array;
  /** Whether its name changes with its content, so that a browser may keep it for ever. */
  isImmutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * All files of the page by their path below the page's address, which has no slash at its beginning; the document's path
 * is empty. They are read at once: no path of a request ever reaches the file system.
 *
 * @throws {Failure} `fault` when the page is missing from this installation
 */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const folder = packageFile('dist/page');
  const files = fs.readdirSync(folder).map((name): [string, PageFile] => {
    const isDocument = name === 'index.html';
    const file = {
      type: TYPES[path.extname(name)] ?? 'application/octet-stream',
      bytes: fs.readFileSync(path.join(folder, name)),
      isImmutable: !isDocument,
    };
    return [isDocument ? '' : name, file];
  });
  return new Map(files);
}
