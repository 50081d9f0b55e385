/*
 * Holds connections over loopback, both ends, and closes old ones and opens new ones at a steady rate.
 *
 * Usage: crowd CONNECTIONS CHANGES_PER_SECOND
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

int main(int argc, char **argv) {
  int connections = argc > 1 ? atoi(argv[1]) : 1;
  int rate = argc > 2 ? atoi(argv[2]) : 0;
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
