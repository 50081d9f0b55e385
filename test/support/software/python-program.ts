import fs from 'node:fs';
import { until } from '../netns.ts';
import { launch, ownFolder, type Place, type Running } from './program.ts';

/** A running Python program that says what it has reached. */
export interface PythonProgram extends Running {
  /** Waits until it has printed a line. */
  said(line: string): Promise<void>;
}

/** Starts a Python program in Debian's Python, which has the packages; it has to print something when it is ready. */
export async function startPython(
  place: Place,
  source: string,
  options: { nofile?: number } = {},
): Promise<PythonProgram> {
  const folder = ownFolder('python');
  fs.writeFileSync(`${folder}/program.py`, source);
  const running = await launch(place, {
    folder,
    nofile: options.nofile,
    env: { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' },
    command: ['/usr/bin/python3', `${folder}/program.py`],
    answers: () => fs.readFileSync(`${folder}.log`, 'utf8') !== '',
  });
  const said = async (line: string) => {
    await until(`the program to print ${line}`, () => running.log().split('\n').includes(line));
  };
  return { ...running, said };
}
