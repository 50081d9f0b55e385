#define _GNU_SOURCE
#include "guest.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void loopback_up(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int any = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  must(ioctl(any, SIOCSIFFLAGS, &request), "lo up");
  close(any);
}

/* A listener with one accepted and one waiting connection. */
static void connections(int family, const void *address, socklen_t bytes) {
  struct sockaddr_storage bound;
  memcpy(&bound, address, bytes);
  int listener = must(socket(family, SOCK_STREAM, 0), "socket");
  must(bind(listener, (struct sockaddr *)&bound, bytes), "bind");
  must(listen(listener, 7), "listen");
  must(getsockname(listener, (struct sockaddr *)&bound, &bytes), "getsockname");
  for (int count = 0; count < 2; count++)
    must(connect(must(socket(family, SOCK_STREAM, 0), "socket"), (struct sockaddr *)&bound, bytes), "connect");
  must(accept(listener, NULL, NULL), "accept");
}

void make_sockets(void) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int pair[2];
  loopback_up();
  connections(AF_INET, &v4, sizeof v4);
  connections(AF_INET6, &v6, sizeof v6);
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
}

/* A process that holds the same sockets, and one of its own in another namespace and cgroup. */
int make_child(void) {
  int ready[2];
  char byte;
  must(pipe(ready), "pipe");
  int child = must(fork(), "fork");
  if (child == 0) {
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(5353)};
    join_cgroup(CHILD_CGROUP, getpid());
    must(unshare(CLONE_NEWNET), "unshare");
    must(bind(must(socket(AF_INET, SOCK_DGRAM, 0), "socket"), (struct sockaddr *)&any, sizeof any), "bind");
    must(write(ready[1], "", 1), "ready");
    for (;;) pause();
  }
  must(read(ready[0], &byte, 1), "ready");
  close(ready[0]);
  close(ready[1]);
  return child;
}

/* Whether a connection of a port is being closed: FIN_WAIT, CLOSE_WAIT, LAST_ACK, CLOSING. */
static int is_closing(unsigned wanted) {
  static const unsigned states = 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11;
  char line[512];
  int found = 0;
  FILE *file = fopen("/proc/self/net/tcp", "r");
  must(file == NULL ? -1 : 0, "/proc/self/net/tcp");
  while (fgets(line, sizeof line, file) != NULL) {
    unsigned local, peer, state;
    if (sscanf(line, "%*d: %*x:%x %*x:%x %x", &local, &peer, &state) == 3)
      found |= (local == wanted || peer == wanted) && (states >> state & 1);
  }
  fclose(file);
  return found;
}

int bound_socket(int type, struct sockaddr_in *address, socklen_t *bytes) {
  int made = must(socket(AF_INET, type, 0), "socket");
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  *bytes = sizeof *address;
  must(bind(made, (struct sockaddr *)address, *bytes), "bind");
  must(getsockname(made, (struct sockaddr *)address, bytes), "getsockname");
  return made;
}

static uint64_t now_ns(void) {
  struct timespec now;
  must(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
  return now.tv_sec * 1000000000ul + now.tv_nsec;
}

void make_connections(const char *program) {
  struct sockaddr_in address, refused, own;
  socklen_t bytes, own_bytes = sizeof own, cookie_bytes = sizeof(uint64_t);
  uint64_t cookie;
  char data[8];
  int listener = bound_socket(SOCK_STREAM, &address, &bytes);
  must(listen(listener, 1), "listen");
  int client = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
  must(connect(client, (struct sockaddr *)&address, bytes), "connect");
  must(getsockname(client, (struct sockaddr *)&own, &own_bytes), "getsockname");
  must(getsockopt(client, SOL_SOCKET, SO_COOKIE, &cookie, &cookie_bytes), "SO_COOKIE");
  uint64_t connected = now_ns();
  /* It waits in the accept queue for a time that can be told from the rest. */
  must(usleep(20000), "usleep");
  uint64_t before = now_ns();
  int server = must(accept(listener, NULL, NULL), "accept");
  uint64_t after = now_ns();
  must(write(client, "hello", 5), "write");
  must(read(server, data, sizeof data), "read");
  close(client);
  must(read(server, data, sizeof data), "read");
  close(server);
  while (is_closing(ntohs(address.sin_port))) sched_yield();
  close(listener);

  /* A port that is bound, and on which nothing listens. */
  int silent = bound_socket(SOCK_STREAM, &refused, &bytes);
  int failing = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
  if (connect(failing, (struct sockaddr *)&refused, bytes) == 0) must(-1, "a connection that should be refused");
  close(failing);
  close(silent);
  fprintf(out, "connections %s %d %d %d %lu %lu %lu %lu\n", program, ntohs(address.sin_port), ntohs(own.sin_port),
          ntohs(refused.sin_port), cookie, connected, before, after);
}
