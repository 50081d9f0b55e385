/** The options of netstat, net-tools 2.10. */
export interface NetstatOptions {
  tcp: boolean;
  udp: boolean;
  udplite: boolean;
  raw: boolean;
  unix: boolean;
  /** The internet protocols that were named, not implied by `-4` or `-6`: an error is reported when the kernel lacks one. */
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
  /** `-W`: addresses are not truncated. */
  wide: boolean;
  /** `-c`: repeat every second. */
  continuous: boolean;
  numericHosts: boolean;
  numericPorts: boolean;
  numericUsers: boolean;
}
