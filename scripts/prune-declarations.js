/**
 * Deletes the declarations that the library's own do not lead to: the compiler writes one for each module of the program,
 * and each takes a block on the disk of everybody who installs the package. `node prune-declarations.js FOLDER`.
 */
import fs from 'node:fs';
import path from 'node:path';

const folder = path.resolve(process.argv[2] ?? '');
const reached = new Set();
const open = [path.join(folder, 'index.d.ts')];
for (let file = open.pop(); file !== undefined; file = open.pop()) {
  if (reached.has(file)) continue;
  reached.add(file);
  const text = fs.readFileSync(file, 'utf8');
  for (const [, name] of text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
    open.push(path.resolve(path.dirname(file), name.replace(/(\.d)?\.[cm]?[jt]s$/, '.d.ts')));
  }
}

for (const name of fs.readdirSync(folder, { recursive: true })) {
  const file = path.join(folder, name);
  if (name.endsWith('.d.ts') && !reached.has(file)) fs.rmSync(file);
}
const folders = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
for (const { parentPath, name } of folders.reverse()) {
  const inside = path.join(parentPath, name);
  if (fs.readdirSync(inside).length === 0) fs.rmdirSync(inside);
}
