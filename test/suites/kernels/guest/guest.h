/* What the parts of the guest share. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>

/* The cgroups of the first process and of its child. */
#define FIRST_CGROUP "/sys/fs/cgroup/first"
#define CHILD_CGROUP "/sys/fs/cgroup/child"

/* The second serial port. */
extern FILE *out;

/* Ends the guest when a call has failed; else its result. */
int must(int result, const char *what);
unsigned long inode_of(const char *path);
void join_cgroup(const char *folder, int pid);

/* sockets.c */
void make_sockets(void);
int make_child(void);
/* Opens, uses and closes a connection, tries one that is refused, and prints their ports for the program. */
void make_connections(const char *program);
int bound_socket(int type, struct sockaddr_in *address, socklen_t *bytes);

/* faults.c: refuses, resets, drops and retransmits, and prints the ports for the program. */
void make_faults(const char *program);

/* programs.c: makes the maps of the programs, and runs one of /programs. */
void make_maps(void);
void run_program(const char *name);
