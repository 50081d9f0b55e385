import { ProtobufError } from '../../protobuf/message.ts';
import { connectionFailure, printable } from '../docker/failures.ts';
import { ShapeError } from '../docker/json.ts';
import { RuntimeError } from '../runtime.ts';
import { GRPC_STATUS, GrpcDeadlineError, GrpcStatusError } from './grpc.ts';
import { GrpcError } from './grpc-messages.ts';

/** Which call failed. */
export interface Called {
  /** `containerd`, `cri-o`. */
  runtime: string;
  /** `unix:///run/containerd/containerd.sock`. */
  endpoint: string;
  deadlineMs: number;
  /** What is asked there, for a server without it: `CRI`. */
  api: string;
}

/** Turns what a call threw into one line: what was tried, why it failed, what to do. */
export function asRuntimeError(error: unknown, { runtime, endpoint, deadlineMs, api }: Called): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const make = (kind: RuntimeError['kind'], text: string) =>
    new RuntimeError(kind, endpoint, `${runtime}: ${printable(endpoint)} ${text}`, { cause: error });

  if (error instanceof GrpcDeadlineError) {
    return make('silent', `did not answer within ${deadlineMs / 1000} s; see the log of ${runtime}`);
  }
  if (error instanceof GrpcStatusError) {
    // containerd without its CRI plugin, as Docker's packages configure it: it runs no pods.
    if (error.status === GRPC_STATUS.UNIMPLEMENTED) return make('absent', `does not offer ${api}`);
    const isDenied = error.status === GRPC_STATUS.PERMISSION_DENIED || error.status === GRPC_STATUS.UNAUTHENTICATED;
    const text = `answered with status ${error.status} (${printable(error.message)}); see the log of ${runtime}`;
    return make(isDenied ? 'denied' : 'nonsense', text);
  }
  if (
    error instanceof GrpcError ||
    error instanceof ProtobufError ||
    error instanceof ShapeError ||
    error instanceof SyntaxError
  ) {
    const why = error instanceof SyntaxError ? 'its status is not JSON' : printable(error.message);
    return make('nonsense', `gave an answer that is not that of ${api} (${why}); see what listens there`);
  }
  return make(...connectionFailure((error as NodeJS.ErrnoException).code, runtime, String(error)));
}
