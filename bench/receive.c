/*
 * The floor that counting is measured against: asks a network namespace for the TCP sockets of both
 * address families, as socklens does, and only receives the answer.
 *
 * Usage: receive NETNS_FILE STATES
 *
 * Each line on stdin is answered with one dump and a line on stdout: microseconds, messages.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Netlink answers come in pieces of at most 32 KiB; the same room as socklens gives them. */
static char piece[64 * 1024] __attribute__((aligned(8)));

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

/* Asks once and steps over the headers until the answer is over. Gives back the number of sockets. */
static long dump(int fd, unsigned states, unsigned sequence) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req body;
  } request;
  long messages = 0;

  memset(&request, 0, sizeof request);
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = TCPDIAG_GETSOCK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = sequence;
  request.body.idiag_states = states;
  if (write(fd, &request, sizeof request) != (ssize_t)sizeof request) fail("write");
  for (;;) {
    ssize_t got = read(fd, piece, sizeof piece);
    int length = (int)got;
    struct nlmsghdr *message;

    if (got <= 0) fail("read");
    for (message = (struct nlmsghdr *)piece; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
      if (message->nlmsg_type == NLMSG_DONE) return messages;
      if (message->nlmsg_type == NLMSG_ERROR) {
        fputs("the kernel refused the request\n", stderr);
        exit(1);
      }
      messages++;
    }
  }
}

int main(int argc, char **argv) {
  char line[16];
  unsigned sequence = 0;
  int netns;
  int fd;

  if (argc != 3) {
    fputs("usage: receive NETNS_FILE STATES\n", stderr);
    return 2;
  }
  netns = open(argv[1], O_RDONLY);
  if (netns < 0) fail(argv[1]);
  if (setns(netns, CLONE_NEWNET) != 0) fail("setns");
  fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
  if (fd < 0) fail("socket");
  while (fgets(line, sizeof line, stdin) != NULL) {
    double begin = microseconds();
    long messages = dump(fd, (unsigned)strtoul(argv[2], NULL, 0), ++sequence);
    printf("%.1f %ld\n", microseconds() - begin, messages);
    fflush(stdout);
  }
  return 0;
}
