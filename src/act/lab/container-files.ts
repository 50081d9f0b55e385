import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { IS_ONE_FILE, packageFile } from '../../packaged/package-files.ts';

/**
 * Folder with the files of the lab in containers, as the docker command and its Engine read them. The one file copies
 * its embedded ones into a folder that is removed when this process exits.
 *
 * @throws {Failure} `fault` when it is missing
 */
export function containerFolder(): string {
  const folder = packageFile('lab');
  if (!IS_ONE_FILE) return folder;
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-lab-'));
  process.once('exit', () => fs.rmSync(copy, { recursive: true, force: true }));
  copyFiles(folder, copy);
  return copy;
}

/** Readable for the programs in the containers, which are other users. */
function copyFiles(from: string, to: string): void {
  fs.chmodSync(to, 0o755);
  for (const name of fs.readdirSync(from)) {
    const [source, target] = [path.join(from, name), path.join(to, name)];
    if (fs.statSync(source).isDirectory()) {
      fs.mkdirSync(target);
      copyFiles(source, target);
    } else fs.writeFileSync(target, fs.readFileSync(source), { mode: 0o644 });
  }
}
