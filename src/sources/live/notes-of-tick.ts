import type { Machine } from '../../collect/machine.ts';
import { noteOfLoss } from '../../collect/permissions.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';

/** Sentences for the next tick. */
export class NotesOfTick {
  readonly #machine: Machine;
  #notes: string[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Adds sentences. */
  add(...notes: readonly string[]): void {
    this.#notes.push(...notes);
  }

  /** Adds a sentence unless it is there. */
  addOnce(note: string): void {
    if (!this.#notes.includes(note)) this.#notes.push(note);
  }

  /** Adds what is missing of a namespace because of an error. @param lost as a clause */
  addLoss({ name }: WatchedNetns, lost: string, error: unknown): void {
    this.addOnce(noteOfLoss(this.#machine, name, lost, error));
  }

  /** Those since the last call. */
  take(): string[] {
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }
}
