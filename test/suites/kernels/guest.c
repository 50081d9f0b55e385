/*
 * The only program of a virtual machine with another kernel, see guest.ts: makes sockets, loads each program of
 * /programs as src/kernel/bpf does, and writes facts, a line each, to the second serial port:
 *
 *   release RELEASE
 *   process PID NETNS CGROUP STAT        inodes, and the line of /proc/PID/stat
 *   socket PID FD INODE                  by /proc/PID/fd
 *   net PID tcp|tcp6|udp|unix LINE       of /proc/PID/net
 *   loaded PROGRAM, refused PROGRAM ERRNO, log PROGRAM LINE
 *   records PROGRAM HEX                  what the iterator gave
 *   chosen PROGRAM HEX|ERRNO             what the iterator over process 1 alone gave, or why there is none
 *   end
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

static FILE *out;

static int must(int result, const char *what) {
  if (result < 0) {
    fprintf(out, "error %s: %s\n", what, strerror(errno));
    fflush(out);
    tcdrain(fileno(out));
    reboot(RB_AUTOBOOT);
  }
  return result;
}

static unsigned long inode_of(const char *path) {
  struct stat stat_of;
  must(stat(path, &stat_of), path);
  return stat_of.st_ino;
}

static void join_cgroup(const char *folder, int pid) {
  char path[64], text[16];
  must(mkdir(folder, 0755), folder);
  snprintf(path, sizeof path, "%s/cgroup.procs", folder);
  int file = must(open(path, O_WRONLY), path);
  must(write(file, text, snprintf(text, sizeof text, "%d", pid)), path);
  close(file);
}

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

static void make_sockets(void) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int pair[2];
  loopback_up();
  connections(AF_INET, &v4, sizeof v4);
  connections(AF_INET6, &v6, sizeof v6);
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
}

/* A process that holds the same sockets, and one of its own in another namespace and cgroup. */
static int make_child(void) {
  int ready[2];
  char byte;
  must(pipe(ready), "pipe");
  int child = must(fork(), "fork");
  if (child == 0) {
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(5353)};
    join_cgroup("/sys/fs/cgroup/child", getpid());
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

/* union bpf_attr, include/uapi/linux/bpf.h, as 32-bit words; its size is that of src/kernel/bpf/attributes.ts. */
union attributes {
  uint32_t words[32];
  uint64_t addresses[16];
  char bytes[128];
};

static int bpf(int command, union attributes *attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

enum { PROG_LOAD = 5, LINK_CREATE = 28, ITER_CREATE = 33, PROG_TYPE_TRACING = 26 };

/* Reads an iterator over all processes, or one of them where `pid` is not 0. */
static void print_records(const char *kind, const char *name, int program, uint32_t attach_type, uint32_t pid) {
  static unsigned char buffer[65536];
  uint32_t info[3] = {0, pid, 0};
  union attributes link = {.words = {program, 0, attach_type}};
  if (pid != 0) {
    link.addresses[2] = (uintptr_t)info;
    link.words[6] = sizeof info;
  }
  int made = bpf(LINK_CREATE, &link);
  fprintf(out, "%s %s ", kind, name);
  if (made < 0) {
    fprintf(out, "%s\n", strerrorname_np(errno));
    return;
  }
  union attributes iterator = {.words = {made}};
  int file = must(bpf(ITER_CREATE, &iterator), "ITER_CREATE");
  for (;;) {
    ssize_t length = read(file, buffer, sizeof buffer);
    if (length < 0 && errno == EAGAIN) continue;
    if (must(length, "reading an iterator") == 0) break;
    for (ssize_t index = 0; index < length; index++) fprintf(out, "%02x", buffer[index]);
  }
  fputc('\n', out);
  close(file);
  close(made);
}

/* A file of /programs: expected_attach_type and attach_btf_id, 32 bits each, then the instructions. */
static void run_program(const char *name) {
  static uint64_t file_words[4096];
  static char log[1 << 20];
  char path[300];
  snprintf(path, sizeof path, "/programs/%s", name);
  int file = must(open(path, O_RDONLY), path);
  ssize_t length = must(read(file, file_words, sizeof file_words), path);
  close(file);
  const uint32_t *header = (const uint32_t *)file_words;
  union attributes load = {.words = {PROG_TYPE_TRACING, length / 8 - 1}};
  load.addresses[1] = (uintptr_t)(file_words + 1);
  load.addresses[2] = (uintptr_t)"GPL";
  load.words[17] = header[0];
  load.words[27] = header[1];
  int program = bpf(PROG_LOAD, &load);
  if (program < 0) {
    fprintf(out, "refused %s %s\n", name, strerrorname_np(errno));
    load.words[6] = 1;
    load.words[7] = sizeof log;
    load.addresses[4] = (uintptr_t)log;
    bpf(PROG_LOAD, &load);
    for (char *line = strtok(log, "\n"); line != NULL; line = strtok(NULL, "\n"))
      fprintf(out, "log %s %s\n", name, line);
    return;
  }
  fprintf(out, "loaded %s\n", name);
  print_records("records", name, program, header[0], 0);
  print_records("chosen", name, program, header[0], 1);
  close(program);
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

  join_cgroup("/sys/fs/cgroup/first", getpid());
  make_sockets();
  int child = make_child();
  print_process(getpid(), "/sys/fs/cgroup/first");
  print_process(child, "/sys/fs/cgroup/child");
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
