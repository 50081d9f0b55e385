/** Names of processes that say what software runs and nothing about whose it is. */
export const COMMON_PROGRAMS: ReadonlySet<string> = new Set([
  ...['node', 'nodejs', 'npm', 'java', 'python', 'python3', 'gunicorn', 'uvicorn', 'uwsgi', 'celery', 'ruby', 'puma'],
  ...['php', 'php-fpm', 'perl', 'dotnet', 'beam.smp', 'sh', 'bash', 'nginx', 'haproxy', 'envoy', 'traefik', 'caddy'],
  ...['apache2', 'httpd', 'mysqld', 'mariadbd', 'postgres', 'pgbouncer', 'proxysql', 'redis-server', 'memcached'],
  ...['mongod', 'rabbitmq-server', 'dnsmasq', 'dockerd', 'docker-proxy', 'containerd', 'containerd-shim', 'podman'],
  ...['conmon', 'runc', 'crun', 'systemd', 'kubelet', 'coredns', 'sshd', 'curl', 'socklens'],
]);
