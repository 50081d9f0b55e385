/** What netstat's flags ask for, net-tools 2.10. */
export interface NetstatOptions {
  tcp: boolean;
  udp: boolean;
  udplite: boolean;
  raw: boolean;
  unix: boolean;
  /** The internet protocols that were named, as opposed to meant by `-4` or `-6`: it is an error when one is missing. */
  named: readonly string[];
  /** True when no protocol was named: all of them. */
  everything: boolean;
  inet: boolean;
  inet6: boolean;
  /** `-a` */
  all: boolean;
  /** `-l` */
  listening: boolean;
  /** `-e`: columns User and Inode. */
  extended: boolean;
  /** `-p` */
  programs: boolean;
  /** `-o` */
  timers: boolean;
  /** `-W`: nothing is cut. */
  wide: boolean;
  /** `-c`: again each second. */
  continuous: boolean;
  numericHosts: boolean;
  numericPorts: boolean;
  numericUsers: boolean;
}
