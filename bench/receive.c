/*
 * The lower bound for counting: requests the TCP sockets of both address families of a network
 * namespace, as socklens does, and only receives the answer.
 *
 * Usage: receive NETNS_FILE STATES [DPORT [BYTECODE]]
 *
 * DPORT goes into the request's header (0 for any), BYTECODE is a filter program in hexadecimal.
 *
 * Each line on stdin is answered with one dump and a line on stdout: microseconds, messages.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
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

/* The kernel answers in messages of at most 32 KiB; socklens uses a buffer of the same size. */
static char piece[64 * 1024] __attribute__((aligned(8)));

#define MAX_BYTECODE 1024
static unsigned char bytecode[MAX_BYTECODE];
static unsigned bytecode_length;

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
static long dump(int fd, unsigned states, unsigned dport, unsigned sequence) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req body;
    struct nlattr attribute;
    unsigned char bytecode[MAX_BYTECODE];
  } request;
  unsigned length = sizeof request.header + sizeof request.body;
  long messages = 0;

  memset(&request, 0, sizeof request);
  if (bytecode_length > 0) {
    request.attribute.nla_type = INET_DIAG_REQ_BYTECODE;
    request.attribute.nla_len = sizeof request.attribute + bytecode_length;
    memcpy(request.bytecode, bytecode, bytecode_length);
    length += request.attribute.nla_len;
  }
  request.header.nlmsg_len = length;
  request.header.nlmsg_type = TCPDIAG_GETSOCK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = sequence;
  request.body.idiag_states = states;
  request.body.id.idiag_dport = htons(dport);
  if (write(fd, &request, length) != (ssize_t)length) fail("write");
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

static void read_bytecode(const char *hex) {
  unsigned byte;

  while (bytecode_length < MAX_BYTECODE && sscanf(hex, "%2x", &byte) == 1) {
    bytecode[bytecode_length++] = (unsigned char)byte;
    hex += 2;
  }
}

int main(int argc, char **argv) {
  char line[16];
  unsigned sequence = 0;
  unsigned dport = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 0) : 0;
  int netns;
  int fd;

  if (argc < 3 || argc > 5) {
    fputs("usage: receive NETNS_FILE STATES [DPORT [BYTECODE]]\n", stderr);
    return 2;
  }
  if (argc > 4) read_bytecode(argv[4]);
  netns = open(argv[1], O_RDONLY);
  if (netns < 0) fail(argv[1]);
  if (setns(netns, CLONE_NEWNET) != 0) fail("setns");
  fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
  if (fd < 0) fail("socket");
  while (fgets(line, sizeof line, stdin) != NULL) {
    double begin = microseconds();
    long messages = dump(fd, (unsigned)strtoul(argv[2], NULL, 0), dport, ++sequence);
    printf("%.1f %ld\n", microseconds() - begin, messages);
    fflush(stdout);
  }
  return 0;
}
