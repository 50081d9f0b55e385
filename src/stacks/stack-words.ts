import type { StackName } from '../model/stack/stack-facts.ts';
import { DOTNET_POOLS } from './dotnet/pools.ts';
import { ERLANG_DRIVERS, ERLANG_POOLS } from './erlang/pools.ts';
import { GO_DRIVERS } from './go/libraries.ts';
import { GO_POOLS } from './go/pools.ts';
import { JAVA_DRIVERS, JAVA_POOLS } from './java/pools.ts';
import { NODE_DRIVERS, NODE_POOLS } from './node/pools.ts';
import { PHP_POOLS } from './php/pools.ts';
import type { PeerKind, PoolWords } from './pool-words.ts';
import { PYTHON_DRIVERS, PYTHON_POOLS } from './python/pools.ts';
import { RUBY_DRIVERS, RUBY_POOLS } from './ruby/pools.ts';
import { RUST_DRIVERS, RUST_POOLS } from './rust/pools.ts';

/** The words of a stack whose programs have pools. */
export interface StackWords {
  name: StackName;
  /** The pools of its libraries, wrappers before what they wrap. */
  pools: readonly PoolWords[];
  /** What its drivers connect to, by the name of the library: wrappers connect to the same. Absent where each pool says it. */
  drivers?: Readonly<Record<string, PeerKind>>;
}

/**
 * The words of every stack, in the order of `STACKS`. Who only judges what was recorded needs these and nothing of how
 * a program is recognised.
 */
export const STACK_WORDS: readonly StackWords[] = [
  { name: 'Node.js', pools: NODE_POOLS, drivers: NODE_DRIVERS },
  { name: 'Python', pools: PYTHON_POOLS, drivers: PYTHON_DRIVERS },
  { name: 'Java', pools: JAVA_POOLS, drivers: JAVA_DRIVERS },
  { name: 'PHP-FPM', pools: PHP_POOLS },
  { name: 'Ruby', pools: RUBY_POOLS, drivers: RUBY_DRIVERS },
  { name: 'Erlang', pools: ERLANG_POOLS, drivers: ERLANG_DRIVERS },
  { name: 'Go', pools: GO_POOLS, drivers: GO_DRIVERS },
  { name: '.NET', pools: DOTNET_POOLS },
  { name: 'Rust', pools: RUST_POOLS, drivers: RUST_DRIVERS },
];
