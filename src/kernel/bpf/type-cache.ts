import fs from 'node:fs';
import path from 'node:path';
import type { TypeAnswers } from '../../bpf/known-types.ts';

const FILE = 'kernel-types.json';
/** To be raised when the questions of `KnownTypes` change: an older file is then not used. */
const VERSION = 2;
/** Some hundred answers have 10 KB; anything larger is not ours. */
const MAX_BYTES = 256 * 1024;
/** Write permission of the group and of everyone else. */
const WRITABLE_BY_OTHERS = 0o022;
const PERMISSIONS = 0o777;
const OWNER_ONLY = 0o600;

/**
 * Reads answers about the kernel's types that {@link writeAnswers} wrote.
 *
 * @returns undefined unless the folder belongs to root and nobody else may write to it, the file is a regular one of
 *   root with mode 0600, and its content is about the kernel with this build id
 */
export function readAnswers(folder: string, buildId: string): TypeAnswers | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  let fd: number;
  try {
    if (!isRootsFolder(folder)) return undefined;
    fd = fs.openSync(path.join(folder, FILE), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stats = fs.fstatSync(fd);
    const isOurs = stats.isFile() && stats.uid === 0 && (stats.mode & PERMISSIONS) === OWNER_ONLY;
    if (!isOurs || stats.size > MAX_BYTES) return undefined;
    const content: unknown = JSON.parse(fs.readFileSync(fd, 'utf8'));
    return isContent(content) && content.version === VERSION && content.buildId === buildId
      ? content.answers
      : undefined;
  } catch {
    return undefined;
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Writes answers about the types of the kernel with this build id, instead of what the file had. Does nothing where
 * that is not possible, or the folder is not root's alone.
 */
export function writeAnswers(folder: string, buildId: string, answers: TypeAnswers): void {
  const temporary = path.join(folder, `${FILE}.${process.pid}`);
  try {
    if (!fs.existsSync(folder)) fs.mkdirSync(folder, { mode: 0o755 });
    if (!isRootsFolder(folder)) return;
    fs.rmSync(temporary, { force: true });
    const text = JSON.stringify({ version: VERSION, buildId, answers });
    fs.writeFileSync(temporary, text, { flag: 'wx', mode: OWNER_ONLY });
    fs.renameSync(temporary, path.join(folder, FILE));
  } catch {
    // A cache: without it the next command reads the kernel's description again.
    fs.rmSync(temporary, { force: true });
  }
}

function isRootsFolder(folder: string): boolean {
  const stats = fs.lstatSync(folder);
  return stats.isDirectory() && stats.uid === 0 && (stats.mode & WRITABLE_BY_OTHERS) === 0;
}

interface Content {
  version: unknown;
  buildId: unknown;
  answers: TypeAnswers;
}

function isContent(value: unknown): value is Content {
  if (!isRecord(value) || !isRecord(value.answers)) return false;
  return Object.values(value.answers).every((answer) => {
    if (Array.isArray(answer)) return answer.length === 2 && answer.every(isCount);
    if (isRecord(answer)) return Object.values(answer).every(Number.isSafeInteger);
    return typeof answer === 'string' || isCount(answer);
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
