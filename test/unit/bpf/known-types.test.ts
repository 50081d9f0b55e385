import { describe, expect, it } from 'vitest';
import { BtfError, type KernelTypes } from '../../../src/bpf/kernel-types.ts';
import { KnownTypes } from '../../../src/bpf/known-types.ts';
import { iteratorProgram, tracepointProgram } from '../../../src/bpf/program.ts';

/** A kernel with one structure and two types with an id. */
const kernel: KernelTypes = {
  member: (structure, path) => {
    if (structure !== 'sock' || path !== 'a.b') throw new BtfError(`no ${structure} ${path}`);
    return { offset: 8, size: 4 };
  },
  id: (kind, name) => {
    if (kind === 'func' && name === 'bpf_iter_task_file') return 77;
    if (kind === 'typedef' && name === 'btf_trace_tcp_probe') return 78;
    throw new BtfError(`no ${kind} ${name}`);
  },
  parameters: () => 3,
  enumerators: (name) => {
    if (name === 'sk_rst_reason') return { SK_RST_REASON_NO_SOCKET: 1 };
    throw new BtfError(`no enum ${name}`);
  },
};
const nothing = (): KernelTypes => {
  throw new Error('the description was read');
};

describe('KnownTypes', () => {
  it('asks the kernel once; what it answered is known to the next one', () => {
    const first = new KnownTypes({}, () => kernel);
    expect(first.isExtended).toBe(false);
    expect(first.member('sock', 'a.b')).toEqual({ offset: 8, size: 4 });
    expect(first.id('func', 'bpf_iter_task_file')).toBe(77);
    expect(first.parameters('typedef', 'btf_trace_tcp_probe')).toBe(3);
    expect(first.enumerators('sk_rst_reason')).toEqual({ SK_RST_REASON_NO_SOCKET: 1 });
    expect(() => first.enumerators('skb_drop_reason')).toThrow(BtfError);
    expect(() => first.member('sock', 'c')).toThrow(BtfError);
    expect(first.isExtended).toBe(true);

    const second = new KnownTypes(JSON.parse(JSON.stringify(first.answers)), nothing);
    expect(second.member('sock', 'a.b')).toEqual({ offset: 8, size: 4 });
    expect(second.parameters('typedef', 'btf_trace_tcp_probe')).toBe(3);
    expect(second.enumerators('sk_rst_reason')).toEqual({ SK_RST_REASON_NO_SOCKET: 1 });
    expect(() => second.enumerators('skb_drop_reason')).toThrow(BtfError);
    expect(second.id('func', 'bpf_iter_task_file')).toBe(77);
    // That something does not exist is known as well.
    expect(() => second.member('sock', 'c')).toThrow(new BtfError('no sock c'));
    expect(second.isExtended).toBe(false);
    expect(() => second.id('func', 'other')).toThrow('the description was read');
  });

  it('an answer of the wrong kind is refused', () => {
    const types = new KnownTypes({ 'struct sock a': 5, 'func f': [1, 2] }, nothing);
    expect(() => types.member('sock', 'a')).toThrow(BtfError);
    expect(() => types.id('func', 'f')).toThrow(BtfError);
  });
});

describe('a program', () => {
  const instructions = new Uint8Array(8);

  it('names what it is attached to by the id of a type, and how (enum bpf_attach_type)', () => {
    expect(iteratorProgram(kernel, 'held', 'task_file', instructions)).toEqual({
      name: 'held',
      attachType: 28,
      attachTypeId: 77,
      instructions,
    });
    expect(tracepointProgram(kernel, 'probe', 'tcp_probe', instructions)).toMatchObject({
      attachType: 23,
      attachTypeId: 78,
    });
  });

  it('that this kernel has nothing to attach to is refused', () => {
    expect(() => iteratorProgram(kernel, 'x', 'unix', instructions)).toThrow(BtfError);
  });
});
