#define _GNU_SOURCE
#include "guest.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATAGRAMS = 10, DATAGRAM_BYTES = 500 };

static int port_of(int any) {
  struct sockaddr_in address;
  socklen_t bytes = sizeof address;
  must(getsockname(any, (struct sockaddr *)&address, &bytes), "getsockname");
  return ntohs(address.sin_port);
}

/* RetransSegs of /proc/net/snmp. */
static long retransmitted(void) {
  char line[1024];
  long value = -1;
  FILE *file = fopen("/proc/self/net/snmp", "r");
  must(file == NULL ? -1 : 0, "/proc/self/net/snmp");
  while (fgets(line, sizeof line, file) != NULL)
    sscanf(line, "Tcp: %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %ld", &value);
  fclose(file);
  return must(value, "RetransSegs");
}

void make_faults(const char *program) {
  struct sockaddr_in address;
  socklen_t bytes;
  const struct linger at_once = {.l_onoff = 1};
  char data[DATAGRAM_BYTES] = {0};
  const int least = 1;

  /* Nothing listens there. */
  int silent = bound_socket(SOCK_STREAM, &address, &bytes), refused = port_of(silent);
  struct sockaddr_in own;
  socklen_t own_bytes;
  int failing = bound_socket(SOCK_STREAM, &own, &own_bytes), refused_client = port_of(failing);
  if (connect(failing, (struct sockaddr *)&address, bytes) == 0) must(-1, "a connection that should be refused");
  close(failing);
  close(silent);

  /* Discarded by its client. */
  int listener = bound_socket(SOCK_STREAM, &address, &bytes);
  must(listen(listener, 1), "listen");
  int aborting = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
  must(connect(aborting, (struct sockaddr *)&address, bytes), "connect");
  int server = must(accept(listener, NULL, NULL), "accept"), aborting_port = port_of(aborting);
  must(setsockopt(aborting, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), "SO_LINGER");
  int listener_port = port_of(listener);
  close(aborting);
  if (read(server, data, sizeof data) >= 0) must(-1, "a reset connection");
  close(server);

  /* More than the receive buffer has room for, and to a port that nobody has. */
  int receiver = bound_socket(SOCK_DGRAM, &address, &bytes);
  must(setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &least, sizeof least), "SO_RCVBUF");
  int sender = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  must(connect(sender, (struct sockaddr *)&address, bytes), "connect");
  for (int count = 0; count < DATAGRAMS; count++) must(write(sender, data, sizeof data), "write");
  int sender_port = port_of(sender), receiver_port = port_of(receiver), dropped = DATAGRAMS;
  while (recv(receiver, data, sizeof data, MSG_DONTWAIT) > 0) dropped--;
  close(receiver);
  must(write(sender, data, 1), "write");
  close(sender);

  /* A SYN that a full accept queue drops is sent again after a second. */
  int full = bound_socket(SOCK_STREAM, &address, &bytes), full_port = port_of(full);
  must(listen(full, 0), "listen");
  int queued = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
  must(connect(queued, (struct sockaddr *)&address, bytes), "connect");
  long before = retransmitted();
  int waiting = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
  if (connect(waiting, (struct sockaddr *)&address, bytes) == 0 || errno != EINPROGRESS) must(-1, "a full queue");
  int waiting_port = port_of(waiting);
  while (retransmitted() == before) usleep(20000);
  close(waiting);
  close(queued);
  close(full);
  close(listener);
  fprintf(out, "faults %s %d %d %d %d %d %d %d %d %d\n", program, refused, refused_client, listener_port,
          aborting_port, receiver_port, sender_port, dropped, full_port, waiting_port);
}
