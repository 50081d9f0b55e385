/**
 * The interfaces of `/proc/net/igmp`, net/ipv4/igmp.c, igmp_mc_seq_show: their names by their indexes. It has those that
 * IPv4 is configured on.
 *
 *     Idx	Device    : Count Querier	Group    Users Timer	Reporter
 *     2	eth0      :     1      V3
 *     				010000E0     1 0:00000000		0
 */
export function parseIgmpDevices(text: string): Map<number, string> {
  const devices = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [, index, name] = /^(\d+)\s+(\S+)\s*:/.exec(line) ?? [];
    if (index !== undefined && name !== undefined) devices.set(Number(index), name);
  }
  return devices;
}
