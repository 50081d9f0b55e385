/** Name of the service. */
export const UNIT = 'socklens.service';

/** Where an administrator's units are, systemd.unit(5). */
export const UNIT_FILE = `/etc/systemd/system/${UNIT}`;

/** Folder of the installed service, and its token: systemd makes it, for root alone. */
export const SERVICE_FOLDER = '/var/lib/socklens';
export const SERVICE_TOKEN = `${SERVICE_FOLDER}/token`;

/** Capabilities that watching needs, and what each is for. */
const WATCHING = [
  'CAP_SYS_ADMIN', // enter network namespaces
  'CAP_SYS_PTRACE', // descriptors of processes of other users
  'CAP_DAC_READ_SEARCH', // their folders in /proc
  'CAP_NET_ADMIN', // large buffers for events, socket marks
  'CAP_BPF',
  'CAP_PERFMON',
];

/** Capabilities that `--allow-actions` needs beside: setting limits of processes, and of others' users. */
const ACTING = ['CAP_SYS_RESOURCE'];

/**
 * The systemd unit of `serve`.
 *
 * @param command how it is started: the absolute path of the program and the arguments before `serve`
 * @param options what follows `serve`
 */
export function unitText(command: readonly string[], options: readonly string[], actions: boolean): string {
  const capabilities = [...WATCHING, ...(actions ? ACTING : [])].join(' ');
  const line = [...command, 'serve', ...options].map(quoted).join(' ');
  return `[Unit]
Description=socklens: sockets of containers, watched
Documentation=man:socklens(1)
After=network.target docker.service containerd.service podman.socket

[Service]
Type=exec
ExecStart=${line}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
StateDirectory=socklens
StateDirectoryMode=0700
UMask=0077
CapabilityBoundingSet=${capabilities}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
LimitNOFILE=65536
LimitMEMLOCK=infinity

[Install]
WantedBy=multi-user.target
`;
}

/** An argument of ExecStart=, systemd.service(5): specifiers, variables, quotes and blanks mean themselves. */
function quoted(argument: string): string {
  const escaped = argument.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/%/g, '%%').replace(/\$/g, '$$$$');
  return /^[\w@%+=:,./[\]-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
