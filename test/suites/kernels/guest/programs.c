#define _GNU_SOURCE
#include "guest.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* union bpf_attr, include/uapi/linux/bpf.h, as 32-bit words; its size is that of src/kernel/bpf/attributes.ts. */
union attributes {
  uint32_t words[32];
  uint64_t addresses[16];
  char bytes[128];
};

static int bpf(int command, union attributes *attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

enum { MAP_CREATE = 0, MAP_UPDATE_ELEM = 2, PROG_LOAD = 5, RAW_TRACEPOINT_OPEN = 17, LINK_CREATE = 28, ITER_CREATE = 33 };
enum { PROG_TYPE_TRACING = 26, TRACE_RAW_TP = 23, TRACE_FEXIT = 25 };
/* BPF_RINGBUF_DISCARD_BIT of a record's length. */
#define DISCARDED (1u << 30)
enum { MAP_TYPE_HASH = 1, MAP_TYPE_PERCPU_ARRAY = 6, MAP_TYPE_RINGBUF = 27, RING_BYTES = 65536, RECORDED_BYTES = 16 };
/* guest.ts assembles the programs with these descriptors. */
enum { NETNS_FD = 900, RING_FD = 901, RECORDED_FD = 902 };

static uint64_t *consumed;
static volatile uint64_t *produced;

static void make_map(union attributes map, int fd) {
  int made = must(bpf(MAP_CREATE, &map), "MAP_CREATE");
  must(dup2(made, fd), "dup2");
  close(made);
}

/* A hash with this namespace and its count of lost records, the ring buffer, and what a first program has recorded. */
void make_maps(void) {
  uint32_t netns = inode_of("/proc/self/ns/net");
  uint64_t lost = 0;
  make_map((union attributes){.words = {MAP_TYPE_HASH, sizeof netns, sizeof lost, 16}}, NETNS_FD);
  make_map((union attributes){.words = {MAP_TYPE_RINGBUF, 0, 0, RING_BYTES}}, RING_FD);
  make_map((union attributes){.words = {MAP_TYPE_PERCPU_ARRAY, sizeof(uint32_t), RECORDED_BYTES, 1}}, RECORDED_FD);
  union attributes element = {.words = {NETNS_FD}};
  element.addresses[1] = (uintptr_t)&netns;
  element.addresses[2] = (uintptr_t)&lost;
  must(bpf(MAP_UPDATE_ELEM, &element), "MAP_UPDATE_ELEM");
  int page = getpagesize();
  consumed = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, RING_FD, 0);
  produced = mmap(NULL, page + 2 * RING_BYTES, PROT_READ, MAP_SHARED, RING_FD, page);
  must(consumed == MAP_FAILED || produced == MAP_FAILED ? -1 : 0, "mmap");
}

/* Lets a program run at its tracepoint or function; -1 where the kernel does not permit it. */
static int attach(int program) {
  union attributes link = {.words = {0, 0, program}};
  return bpf(RAW_TRACEPOINT_OPEN, &link);
}

static int load_program(const char *name, uint32_t *attach_type, int is_reported);

/*
 * Records of the ring buffer, Documentation/bpf/ringbuf.rst: each after its length and four bytes of the kernel's.
 * Beside a program accepted-X runs rest-X, which says when the connections were established.
 */
static void print_events(const char *name, int program) {
  int made = must(attach(program), "RAW_TRACEPOINT_OPEN"), other = -1, other_link = -1;
  if (strncmp(name, "accepted-", 9) == 0) {
    char rest[64];
    uint32_t attach_type;
    snprintf(rest, sizeof rest, "rest-%s", name + 9);
    other = must(load_program(rest, &attach_type, 0), rest);
    other_link = must(attach(other), rest);
  }
  if (strncmp(name, "packet-", 7) == 0)
    make_faults(name);
  else
    make_connections(name);
  close(made);
  if (other >= 0) {
    close(other_link);
    close(other);
  }
  const unsigned char *records = (const unsigned char *)produced + getpagesize();
  while (*consumed < *produced) {
    const unsigned char *record = records + *consumed % RING_BYTES;
    uint32_t header = *(const uint32_t *)record, length = header & ~DISCARDED;
    if (header == length) {
      fprintf(out, "event %s ", name);
      for (uint32_t index = 0; index < length; index++) fprintf(out, "%02x", record[8 + index]);
      fputc('\n', out);
    }
    *consumed += (length + 8 + 7) / 8 * 8;
  }
}

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
static int load_program(const char *name, uint32_t *attach_type, int is_reported) {
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
  *attach_type = header[0];
  int program = bpf(PROG_LOAD, &load);
  if (program >= 0 || !is_reported) return program;
  fprintf(out, "refused %s %s\n", name, strerrorname_np(errno));
  load.words[6] = 1;
  load.words[7] = sizeof log;
  load.addresses[4] = (uintptr_t)log;
  bpf(PROG_LOAD, &load);
  for (char *line = strtok(log, "\n"); line != NULL; line = strtok(NULL, "\n"))
    fprintf(out, "log %s %s\n", name, line);
  return program;
}

void run_program(const char *name) {
  uint32_t attach_type;
  int program = load_program(name, &attach_type, 1);
  if (program < 0) return;
  fprintf(out, "loaded %s\n", name);
  if (attach_type == TRACE_RAW_TP || attach_type == TRACE_FEXIT) {
    print_events(name, program);
  } else {
    print_records("records", name, program, attach_type, 0);
    print_records("chosen", name, program, attach_type, 1);
  }
  close(program);
}
