/** The pool against what Go's documentation of database/sql promises of SetMaxIdleConns and SetMaxOpenConns. */
import { describe, expect, it } from 'vitest';
import { Pool, type Pooled } from '../../../src/lab/pool.ts';

class Connection implements Pooled {
  closed = false;
  close(): void {
    this.closed = true;
  }
}

/** A pool whose connections are objects, recorded in `made`. */
function poolOf(limits: { maxIdle: number; maxOpen: number }, refuse: () => boolean = () => false) {
  const made: Connection[] = [];
  const open = async () => {
    if (refuse()) throw new Error('refused');
    const connection = new Connection();
    made.push(connection);
    return connection;
  };
  return { pool: new Pool(open, limits), made };
}

const times = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));

describe('a limit on idle connections, none on open ones', () => {
  it('opens as many as are requested at once, and keeps 50 of them idle', async () => {
    const { pool, made } = poolOf({ maxIdle: 50, maxOpen: 0 });
    const taken = await times(257, () => pool.acquire());
    expect(pool.counts).toMatchObject({ open: 257, idle: 0, waiting: 0 });
    for (const connection of taken) pool.release(connection);
    expect(pool.counts).toMatchObject({ open: 50, idle: 50, closedIdle: 207 });
    expect(made.filter(({ closed: ended }) => ended)).toHaveLength(207);
  });

  it('closes and opens repeatedly when 60 are requested at a time', async () => {
    const { pool } = poolOf({ maxIdle: 50, maxOpen: 0 });
    for (let round = 0; round < 3; round++) {
      for (const connection of await times(60, () => pool.acquire())) pool.release(connection);
    }
    expect(pool.counts).toMatchObject({ opened: 80, closedIdle: 30, open: 50 });
  });
});

describe('a limit on open connections', () => {
  it('makes the others wait, first come, first served', async () => {
    const { pool, made } = poolOf({ maxIdle: 50, maxOpen: 2 });
    const [first, second] = await times(2, () => pool.acquire());
    const order: string[] = [];
    const third = pool.acquire().then((connection) => order.push('third') && connection);
    const fourth = pool.acquire().then((connection) => order.push('fourth') && connection);
    expect(pool.counts).toMatchObject({ open: 2, waiting: 2 });
    for (const connection of [first, second]) if (connection !== undefined) pool.release(connection);
    expect(await third).toBe(first);
    expect(await fourth).toBe(second);
    expect(order).toEqual(['third', 'fourth']);
    expect(made).toHaveLength(2);
  });

  it('lowers the limit on idle connections', async () => {
    const { pool } = poolOf({ maxIdle: 50, maxOpen: 33 });
    for (const connection of await times(33, () => pool.acquire())) pool.release(connection);
    expect(pool.counts).toMatchObject({ open: 33, idle: 33, closedIdle: 0 });
  });

  it('opens another for a waiting caller when a broken one is released', async () => {
    const { pool, made } = poolOf({ maxIdle: 1, maxOpen: 1 });
    const first = await pool.acquire();
    const second = pool.acquire();
    first.close();
    pool.release(first);
    expect(await second).toBe(made[1]);
    expect(pool.counts).toMatchObject({ open: 1, opened: 2 });
  });
});

describe('failures', () => {
  it('rejects the caller, and counts nothing as open', async () => {
    let refused = true;
    const { pool } = poolOf({ maxIdle: 50, maxOpen: 1 }, () => refused);
    await expect(pool.acquire()).rejects.toThrow('refused');
    expect(pool.counts).toMatchObject({ open: 0, failed: 1 });
    refused = false;
    await expect(pool.acquire()).resolves.toBeDefined();
  });

  it('does not give out an idle connection that was closed', async () => {
    const { pool } = poolOf({ maxIdle: 50, maxOpen: 0 });
    const first = await pool.acquire();
    pool.release(first);
    first.close();
    expect(await pool.acquire()).not.toBe(first);
    expect(pool.counts).toMatchObject({ open: 1, idle: 0 });
  });
});
