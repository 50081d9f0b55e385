/*
 * The only program of a virtual machine with another kernel, see guest.ts: makes sockets, loads each program of
 * /programs as src/kernel/bpf does, and writes facts, a line each, to the second serial port:
 *
 *   release RELEASE
 *   process PID NETNS CGROUP STAT        inodes, and the line of /proc/PID/stat
 *   socket PID FD INODE                  by /proc/PID/fd
 *   net PID tcp|tcp6|udp|unix LINE       of /proc/PID/net
 *   loaded PROGRAM, refused PROGRAM ERRNO, log PROGRAM LINE
 *   records PROGRAM HEX                  what an iterator gave
 *   chosen PROGRAM HEX|ERRNO             what the iterator over process 1 alone gave, or why there is none
 *   event PROGRAM HEX                    a record of a program at a tracepoint or function, of what is made below
 *   connections PROGRAM LISTENER CLIENT REFUSED COOKIE CONNECTED BEFORE AFTER
 *                                        ports, the cookie of the client, CLOCK_MONOTONIC in nanoseconds when it was
 *                                        connected, and before and after it was accepted
 *   faults PROGRAM REFUSED REFUSED_CLIENT LISTENER ABORTING RECEIVER SENDER DROPS FULL WAITING
 *                                        ports, and datagrams that the receiver's buffer had no room for
 *   end
 */
#define _GNU_SOURCE
#include "guest.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

FILE *out;

int must(int result, const char *what) {
  if (result < 0) {
    fprintf(out, "error %s: %s\n", what, strerror(errno));
    fflush(out);
    tcdrain(fileno(out));
    reboot(RB_AUTOBOOT);
  }
  return result;
}

unsigned long inode_of(const char *path) {
  struct stat stat_of;
  must(stat(path, &stat_of), path);
  return stat_of.st_ino;
}

void join_cgroup(const char *folder, int pid) {
  char path[64], text[16];
  must(mkdir(folder, 0755), folder);
  snprintf(path, sizeof path, "%s/cgroup.procs", folder);
  int file = must(open(path, O_WRONLY), path);
  must(write(file, text, snprintf(text, sizeof text, "%d", pid)), path);
  close(file);
}

/* Writes the lines of a file, each after the text `before`. */
static void print_file(const char *path, const char *before) {
  char line[512];
  FILE *file = fopen(path, "r");
  must(file == NULL ? -1 : 0, path);
  while (fgets(line, sizeof line, file) != NULL) fprintf(out, "%s %s", before, line);
  fclose(file);
}

static void print_process(int pid, const char *cgroup) {
  static const char *const tables[] = {"tcp", "tcp6", "udp", "unix"};
  char path[300], text[64];
  snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  snprintf(text, sizeof text, "process %d %lu %lu", pid, inode_of(path), inode_of(cgroup));
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  print_file(path, text);
  for (unsigned index = 0; index < sizeof tables / sizeof *tables; index++) {
    snprintf(path, sizeof path, "/proc/%d/net/%s", pid, tables[index]);
    snprintf(text, sizeof text, "net %d %s", pid, tables[index]);
    print_file(path, text);
  }
  snprintf(path, sizeof path, "/proc/%d/fd", pid);
  DIR *folder = opendir(path);
  must(folder == NULL ? -1 : 0, path);
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    unsigned long inode;
    snprintf(path, sizeof path, "/proc/%d/fd/%s", pid, entry->d_name);
    ssize_t length = readlink(path, text, sizeof text - 1);
    if (length < 0) continue;
    text[length] = 0;
    if (sscanf(text, "socket:[%lu]", &inode) == 1) fprintf(out, "socket %d %s %lu\n", pid, entry->d_name, inode);
  }
  closedir(folder);
}

int main(void) {
  struct termios raw;
  struct utsname names;
  struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  out = fopen("/dev/ttyS1", "w");
  if (out == NULL) return 1;
  must(tcgetattr(fileno(out), &raw), "tcgetattr");
  cfmakeraw(&raw);
  must(tcsetattr(fileno(out), TCSANOW, &raw), "tcsetattr");
  must(mount("proc", "/proc", "proc", 0, NULL), "/proc");
  must(mount("sysfs", "/sys", "sysfs", 0, NULL), "/sys");
  must(mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL), "/sys/fs/cgroup");
  must(uname(&names), "uname");
  fprintf(out, "release %s\n", names.release);
  must(setrlimit(RLIMIT_MEMLOCK, &all), "setrlimit");

  join_cgroup(FIRST_CGROUP, getpid());
  make_sockets();
  int child = make_child();
  print_process(getpid(), FIRST_CGROUP);
  print_process(child, CHILD_CGROUP);
  make_maps();
  DIR *folder = opendir("/programs");
  must(folder == NULL ? -1 : 0, "/programs");
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (entry->d_name[0] != '.') run_program(entry->d_name);
  fprintf(out, "end\n");
  fflush(out);
  tcdrain(fileno(out));
  reboot(RB_AUTOBOOT);
  return 0;
}
