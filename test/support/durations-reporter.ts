import fs from 'node:fs';
import path from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const FILE = path.resolve(import.meta.dirname, '../durations.json');

/** Writes the table that {@link LongestFirst} reads; files that did not run keep their old values. */
export default class DurationsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const durations = new Map(Object.entries(JSON.parse(fs.readFileSync(FILE, 'utf8')) as Record<string, number>));
    for (const module of modules) {
      const { duration } = module.diagnostic();
      durations.set(path.basename(module.moduleId), Math.round(duration / 1000));
    }
    const rows = [...durations].filter(([, seconds]) => seconds > 0).sort(([, left], [, right]) => right - left);
    fs.writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`);
  }
}
