/** What `socklens netstat --help` prints. */
export const NETSTAT_HELP = `socklens netstat TARGET [FLAGS]

Prints what \`nsenter -t PID -n netstat FLAGS\` prints, for a container (name, id, id
prefix), pid:N, netns:NAME or host; several with commas. Letters may stand together.

  -t --tcp, -u --udp, -U --udplite, -w --raw, -x --unix   which protocols (default: all)
  -4 --inet, -6 --inet6                                   which address families (default: both)
  -a --all, -l --listening                                also, or only, what listens
  -n --numeric, --numeric-hosts, --numeric-ports, --numeric-users
                                                          numbers instead of names
  -p --programs, -e --extend, -o --timers                 more columns
  -W --wide                                               addresses are not cut
  -c --continuous                                         again each second
`;
