import type { EngineAddress } from './engine-address.ts';
import { DeadlineError, type ExchangeOptions, type HttpAnswer } from './http.ts';
import { asHttpError, nodeRequest, readAnswer } from './node-request.ts';

/** See `get`; over Node's own HTTP client. */
export function nodeGet(
  address: EngineAddress,
  target: string,
  { deadlineMs, limits }: ExchangeOptions,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = nodeRequest(address, target, limits);
    const timer = setTimeout(() => fail(new DeadlineError()), deadlineMs);
    const fail = (error: unknown) => {
      clearTimeout(timer);
      reject(error);
      request.destroy();
    };
    request.on('error', (error) => fail(asHttpError(error)));
    request.on('response', (response) => {
      readAnswer(response, limits).then((answer) => {
        clearTimeout(timer);
        resolve(answer);
        request.destroy();
      }, fail);
    });
    request.end();
  });
}
