/*
 * The comparison for background sampling: counts the TCP sockets of containers by state as
 * exporters of container metrics do, by reading /proc/PID/net/tcp and tcp6 of each.
 *
 * Usage: exporter PID...
 *
 * Each line on stdin is answered with one round and a line on stdout: microseconds of CPU, sockets.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char piece[256 * 1024];
static long states[16];

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static int digit(char hex) {
  return hex <= '9' ? hex - '0' : (hex & ~0x20) - 'A' + 10;
}

/* A line: `  sl  local_address rem_address   st …`; the state is the fourth field. Lines may be split between reads. */
static void count(const char *path) {
  int fd = open(path, O_RDONLY);
  size_t kept = 0;
  int header = 1;
  ssize_t got;

  if (fd < 0) return;
  while ((got = read(fd, piece + kept, sizeof piece - kept)) > 0) {
    char *at = piece;
    char *end = piece + kept + got;
    char *next;
    for (; (next = memchr(at, '\n', (size_t)(end - at))) != NULL; at = next + 1) {
      char *field = at;
      int index;
      if (header) {
        header = 0;
        continue;
      }
      for (index = 0; index < 3; index++) {
        while (*field == ' ') field++;
        while (*field != ' ') field++;
      }
      states[(digit(field[1]) * 16 + digit(field[2])) & 15]++;
    }
    kept = (size_t)(end - at);
    memmove(piece, at, kept);
  }
  close(fd);
}

int main(int argc, char **argv) {
  char line[16];

  while (fgets(line, sizeof line, stdin) != NULL) {
    double begin = microseconds();
    long total = 0;
    int index;
    memset(states, 0, sizeof states);
    for (index = 1; index < argc; index++) {
      char path[64];
      snprintf(path, sizeof path, "/proc/%s/net/tcp", argv[index]);
      count(path);
      snprintf(path, sizeof path, "/proc/%s/net/tcp6", argv[index]);
      count(path);
    }
    for (index = 0; index < 16; index++) total += states[index];
    printf("%.1f %ld\n", microseconds() - begin, total);
    fflush(stdout);
  }
  return 0;
}
