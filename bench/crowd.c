/*
 * Holds connections over loopback, both ends, and closes old ones and opens new ones at a steady rate.
 *
 * Usage: crowd CONNECTIONS CHANGES_PER_SECOND [UNHELD]
 *
 * UNHELD connections each are in TIME_WAIT (for 60 s), closed with data that nobody reads (FIN_WAIT1), and
 * not accepted: no descriptor refers to these sockets.
 *
 * Prints `ready` when all are open. Exits with its parent process.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address;
static int listener;

struct pair {
  int client;
  int server;
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct pair make(void) {
  /* Closed with a reset: no TIME_WAIT stays behind. */
  struct linger reset = {1, 0};
  struct pair made;
  made.client = socket(AF_INET, SOCK_STREAM, 0);
  if (made.client < 0) fail("socket");
  setsockopt(made.client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (connect(made.client, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  made.server = accept(listener, NULL, NULL);
  if (made.server < 0) fail("accept");
  return made;
}

static int connected(void) {
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (client < 0) fail("socket");
  if (connect(client, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  return client;
}

static int accepted(void) {
  int server = accept(listener, NULL, NULL);
  if (server < 0) fail("accept");
  return server;
}

static void leave_time_wait(int count) {
  for (int made = 0; made < count; made++) {
    char byte;
    int client = connected();
    int server = accepted();
    close(client);
    if (read(server, &byte, 1) != 0) fail("read");
    close(server);
  }
}

static void leave_orphans(int count) {
  static char bytes[65536];
  for (int made = 0; made < count; made++) {
    int client = connected();
    /* Never read; open until the process ends. */
    accepted();
    while (send(client, bytes, sizeof bytes, MSG_DONTWAIT) > 0);
    close(client);
  }
}

int main(int argc, char **argv) {
  int connections = argc > 1 ? atoi(argv[1]) : 1;
  int rate = argc > 2 ? atoi(argv[2]) : 0;
  int unheld = argc > 3 ? atoi(argv[3]) : 0;
  socklen_t length = sizeof address;
  struct pair *pairs = calloc((size_t)connections, sizeof *pairs);
  int oldest = 0;

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) fail("bind");
  if (listen(listener, 64) != 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &length);
  for (int index = 0; index < connections; index++) pairs[index] = make();
  leave_orphans(unheld);
  leave_time_wait(unheld);
  for (int made = 0; made < unheld; made++) connected();
  puts("ready");
  fflush(stdout);
  if (rate == 0) for (;;) pause();
  for (;; oldest = (oldest + 1) % connections) {
    usleep(1000000 / rate);
    close(pairs[oldest].client);
    close(pairs[oldest].server);
    pairs[oldest] = make();
  }
}
