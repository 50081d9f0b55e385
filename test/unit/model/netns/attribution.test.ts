import { describe, expect, it } from 'vitest';
import { attribute, OUTSIDE, type OwnerEvidence } from '../../../../src/model/netns/attribution.ts';
import { storedSocket } from '../../../support/plain-socket.ts';
import { tcpSocket } from '../../../support/series.ts';

const none = () => undefined;
const nothing: OwnerEvidence = { process: none, cgroup: none, listener: none };
const held = storedSocket(tcpSocket({ inode: 7 }));
const entry = storedSocket(tcpSocket({ inode: 0 }));

describe('whose a socket is', () => {
  it('the process, then the cgroup, then the only listener, then memory', () => {
    const all = { process: () => 'p', cgroup: () => 'c', listener: () => 'l', memory: () => 'm' };
    expect(attribute(entry, all)).toEqual({ owner: 'p', by: 'process' });
    expect(attribute(entry, { ...all, process: none })).toEqual({ owner: 'c', by: 'cgroup' });
    expect(attribute(entry, { ...all, process: none, cgroup: none })).toEqual({ owner: 'l', by: 'listener' });
    expect(attribute(entry, { ...nothing, memory: () => 'm' })).toEqual({ owner: 'm', by: 'memory' });
    expect(attribute(entry, nothing)).toBeUndefined();
  });

  it('a listener shows nothing of a socket that a descriptor refers to', () => {
    expect(attribute(held, { ...nothing, listener: () => 'l' })).toBeUndefined();
  });

  it('a process outside every container is an owner too: no cgroup or listener overrides it', () => {
    const evidence = { ...nothing, process: () => OUTSIDE, cgroup: () => 'c' };
    expect(attribute(held, evidence)).toEqual({ owner: OUTSIDE, by: 'process' });
  });
});
