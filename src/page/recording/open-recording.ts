import { Failure } from '../../model/failure.ts';
import type { ContainerAnswer } from '../../serve/protocol/container.ts';
import type { OverviewAnswer, ProblemsAnswer } from '../../serve/protocol.ts';
import { RecordingAnswers, type RecordingFacts } from '../../serve/recorded/recording-answers.ts';
import { RequestError, type RequestOptions } from '../state/request.ts';
import { blobInput } from './blob-input.ts';

/** A recording that the page shows. All of it is read in the browser: nothing is asked of the server. */
export interface OpenedRecording {
  /** See `RecordingAnswers`. */
  readonly facts: RecordingFacts | undefined;
  readonly reading: Promise<void>;
  overview(): Promise<OverviewAnswer>;
  row(name: string): ContainerAnswer | undefined;
  problems(): ProblemsAnswer;
  judge(stop: AbortSignal): Promise<void>;
  /** Answers a question of the views, as the server does. @throws {RequestError} */
  request(path: string, options: RequestOptions): Promise<unknown>;
}

/**
 * Begins to read a recording.
 *
 * @param onTick called after each of its ticks
 * @throws {RequestError} for what is no recording, with a sentence
 */
export async function openRecording(
  name: string,
  blob: Blob,
  onTick: () => void,
  stop: AbortSignal,
): Promise<OpenedRecording> {
  const answers = await asked(() => RecordingAnswers.open(blobInput(name, blob), onTick, stop));
  return {
    get facts() {
      return answers.facts;
    },
    reading: asked(() => answers.reading),
    overview: () => asked(() => answers.overview()),
    row: (row) => answers.row(row),
    problems: () => answers.problems(),
    judge: (end) => asked(() => answers.judge(end)),
    request: (path, options) => asked(() => answer(answers, path, options)),
  };
}

async function answer(answers: RecordingAnswers, path: string, options: RequestOptions): Promise<unknown> {
  const text = (key: string) => (options[key] === undefined ? undefined : String(options[key]));
  const number = (key: string) => (options[key] === undefined ? undefined : Number(options[key]));
  switch (path) {
    case 'overview':
      return answers.overview(number('at'));
    case 'problems':
      return answers.problems();
    case 'container':
      return answers.container(text('name') ?? '', text('filter') ?? '', number('at'));
    case 'connections':
      return answers.connections(text('filter') ?? '', number('from') ?? 0, number('to') ?? 0);
    case 'edges':
      return answers.edges({
        container: text('container'),
        fromMs: number('from') ?? 0,
        toMs: number('to') ?? 0,
        points: number('points') ?? 600,
      });
    case 'ps':
      return answers.ps(text('filter') ?? '', number('at'));
    case 'history': {
      const container = text('container');
      return answers.history({
        containers: container === undefined ? undefined : [container],
        series: (text('series') ?? '*').split(','),
        fromMs: number('from') ?? 0,
        toMs: number('to') ?? 0,
        points: number('points') ?? 600,
      });
    }
    default:
      throw new RequestError(404, 'a recording does not have this');
  }
}

/** Failures as the server reports them. */
async function asked<T>(ask: () => T | Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new RequestError(error.kind === 'no-target' ? 404 : 400, error.message, error.details);
  }
}
