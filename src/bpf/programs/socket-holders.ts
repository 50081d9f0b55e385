import type { KernelTypes } from '../kernel-types.ts';
import type { BpfProgram } from '../program.ts';
import { RecordLayout } from '../record-layout.ts';
import { type DescriptorForm, DescriptorProgram, HOLDER_FIELDS } from './descriptor-program.ts';

/** Who holds a socket: one record for each descriptor. */
export const SOCKET_HOLDER = new RecordLayout(HOLDER_FIELDS);

/**
 * The program that writes a {@link SOCKET_HOLDER} for each descriptor that is a socket: half the price of
 * `heldSocketsProgram`, because it does not touch the socket itself.
 *
 * @throws {BtfError} when this kernel lacks a type that it needs
 */
export function socketHoldersProgram(types: KernelTypes, form: DescriptorForm): BpfProgram {
  return new DescriptorProgram(types, form, SOCKET_HOLDER).finish('socklens_owners');
}
