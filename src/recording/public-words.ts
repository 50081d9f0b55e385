/** Programs that many run: their names give nobody away, and tell what stack it is. */
export const COMMON_PROGRAMS: ReadonlySet<string> = new Set([
  ...['node', 'java', 'python', 'python3', 'ruby', 'php', 'php-fpm', 'nginx', 'haproxy', 'envoy', 'caddy', 'httpd'],
  ...['mysqld', 'mariadbd', 'postgres', 'redis-server', 'mongod', 'memcached', 'gunicorn', 'uvicorn', 'puma', 'sh'],
  ...['bash', 'busybox', 'docker-proxy', 'dockerd', 'containerd', 'containerd-shim', 'systemd', 'init', 'deno', 'bun'],
]);

/** Services that every machine knows. */
export const COMMON_SERVICES: ReadonlySet<string> = new Set([
  ...['http', 'https', 'http-alt', 'domain', 'ssh', 'smtp', 'smtps', 'submission', 'imap', 'imaps', 'pop3', 'pop3s'],
  ...['ftp', 'ftp-data', 'telnet', 'ntp', 'snmp', 'ldap', 'ldaps', 'kerberos', 'syslog', 'mdns', 'bootps', 'bootpc'],
  ...['mysql', 'postgresql', 'redis', 'mongodb', 'memcached', 'amqp', 'amqps', 'kafka', 'elasticsearch', 'etcd'],
  ...['ms-sql-s', 'oracle', 'cassandra', 'zookeeper', 'rabbitmq', 'mqtt', 'statsd', 'prometheus', 'grpc', 'nfs'],
]);

/** Labels that decide on which platform a container runs, and which are its services. */
export const PLATFORM_LABELS: ReadonlySet<string> = new Set([
  ...['com.docker.compose.service', 'com.docker.compose.project', 'com.docker.swarm.service.name'],
  ...['com.amazonaws.ecs.container-name', 'com.amazonaws.ecs.task-definition-family'],
  ...['com.amazonaws.ecs.task-definition-version', 'com.amazonaws.ecs.task-arn', 'com.amazonaws.ecs.cluster'],
  ...['io.kubernetes.pod.namespace', 'io.kubernetes.pod.name', 'io.kubernetes.container.name'],
]);

/** Names that say nothing that is not said anyway. */
export const SAID_ANYWAY = /^(host|all|gateway|localhost|ip6-localhost|ip6-loopback|unowned|pid:\d+)$/;
