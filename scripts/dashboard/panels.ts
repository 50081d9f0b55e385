/** What the Grafana dashboard shows: rows of panels, each with its expressions. */

/** One line, or several, of a panel. */
export interface DashboardQuery {
  expr: string;
  /** Grafana's template of a line's name. */
  legend: string;
}

/** A panel over time. */
export interface DashboardPanel {
  title: string;
  description: string;
  /** Grafana's name of the unit: `short`, `percentunit`, `ops`, `bytes`, `s`. */
  unit: string;
  queries: readonly DashboardQuery[];
}

/** A row of panels. */
export interface DashboardRow {
  title: string;
  panels: readonly DashboardPanel[];
}

/** What is selected of each metric of a container. */
const AT = 'instance=~"$instance",container=~"$container"';
const HOST = 'instance=~"$instance"';

export const DASHBOARD_ROWS: readonly DashboardRow[] = [
  {
    title: 'Now',
    panels: [
      {
        title: 'Problems that hold',
        description: 'By severity, of the doctor. Cause and fix are on the page of the host.',
        unit: 'short',
        queries: [{ expr: `sum by (severity) (socklens_host_problems{${HOST}})`, legend: '{{severity}}' }],
      },
      {
        title: 'Fullest process',
        description: 'Open descriptors as a fraction of its own limit.',
        unit: 'percentunit',
        queries: [
          {
            expr: `topk(10, socklens_container_fullest_process_fds{${AT}} / socklens_container_fullest_process_fds_limit{${AT}})`,
            legend: '{{container}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Sockets',
    panels: [
      {
        title: 'Open TCP sockets by state',
        description: 'TIME_WAIT has a panel of its own: it would hide the rest.',
        unit: 'short',
        queries: [
          {
            expr: `sum by (state) (socklens_container_sockets{${AT},protocol="tcp",state!="time_wait"})`,
            legend: '{{state}}',
          },
        ],
      },
      {
        title: 'TIME_WAIT',
        description: 'Left over by connections that this side closed first.',
        unit: 'short',
        queries: [{ expr: `topk(10, socklens_container_sockets{${AT},state="time_wait"})`, legend: '{{container}}' }],
      },
      {
        title: 'Established by container',
        description: '',
        unit: 'short',
        queries: [{ expr: `topk(10, socklens_container_sockets{${AT},state="established"})`, legend: '{{container}}' }],
      },
      {
        title: 'CLOSE_WAIT by container',
        description: 'Connections that the peer has closed and the program has not.',
        unit: 'short',
        queries: [{ expr: `topk(10, socklens_container_sockets{${AT},state="close_wait"})`, legend: '{{container}}' }],
      },
    ],
  },
  {
    title: 'Connections',
    panels: [
      {
        title: 'Opened a second',
        description: 'Attempts, and connections that came in.',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (direction) (rate(socklens_container_connections_opened_total{${AT}}[$__rate_interval]))`,
            legend: '{{direction}}',
          },
        ],
      },
      {
        title: 'Ended a second, by how',
        description: '',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (outcome) (rate(socklens_container_connections_closed_total{${AT}}[$__rate_interval]))`,
            legend: '{{outcome}}',
          },
        ],
      },
      {
        title: 'Pools: highest number of a minute, by peer',
        description: 'Peaks between two scrapes are in it.',
        unit: 'short',
        queries: [
          {
            expr: `topk(10, max by (container, peer, peer_port) (socklens_container_peer_connections_peak{${AT},direction="outbound"}))`,
            legend: '{{container}} to {{peer}}:{{peer_port}}',
          },
        ],
      },
      {
        title: 'Segments sent again, a second',
        description: 'The network loses some, or a peer is gone.',
        unit: 'ops',
        queries: [
          {
            expr: `topk(10, rate(socklens_container_retransmitted_segments_total{${AT}}[$__rate_interval]))`,
            legend: '{{container}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Listeners',
    panels: [
      {
        title: 'Accept queues',
        description: 'Connections that wait to be accepted, and how many may.',
        unit: 'short',
        queries: [
          { expr: `topk(10, socklens_container_listener_queue{${AT}})`, legend: '{{container}}:{{port}}' },
          { expr: `min(socklens_container_listener_queue_limit{${AT}})`, legend: 'smallest limit' },
        ],
      },
      {
        title: 'Attempts dropped a second',
        description: '',
        unit: 'ops',
        queries: [
          {
            expr: `topk(10, rate(socklens_container_listen_overflows_total{${AT}}[$__rate_interval]))`,
            legend: '{{container}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Hosts, and what socklens costs',
    panels: [
      {
        title: 'TCP memory',
        description: '',
        unit: 'bytes',
        queries: [
          { expr: `socklens_host_tcp_memory_bytes{${HOST}}`, legend: '{{instance}}' },
          { expr: `min(socklens_host_tcp_memory_limit_bytes{${HOST}})`, legend: 'limit' },
        ],
      },
      {
        title: 'TCP sockets by host',
        description: 'Of everything that is watched.',
        unit: 'short',
        queries: [
          { expr: `sum by (instance) (socklens_host_sockets{${HOST},protocol="tcp"})`, legend: '{{instance}}' },
        ],
      },
      {
        title: 'CPU of socklens',
        description: 'Of one core.',
        unit: 'percentunit',
        queries: [
          {
            expr: `rate(process_cpu_seconds_total{${HOST},job="socklens"}[$__rate_interval])`,
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'Age of the oldest numbers',
        description: '',
        unit: 's',
        queries: [{ expr: `socklens_oldest_snapshot_seconds{${HOST}}`, legend: '{{instance}}' }],
      },
      {
        title: 'Not seen',
        description: 'Network namespaces, by reason.',
        unit: 'short',
        queries: [{ expr: `sum by (reason) (socklens_coverage_gaps{${HOST}})`, legend: '{{reason}}' }],
      },
    ],
  },
];

/** The variables of the dashboard, and the expressions that their values come from. */
export const DASHBOARD_VARIABLES = [
  { name: 'instance', label: 'Host', metric: 'socklens_build_info', match: '' },
  { name: 'container', label: 'Container', metric: 'socklens_container_info', match: '{instance=~"$instance"}' },
] as const;
