/* The program under test, loaded once and forked for each of its runs: of the processor time of a short run nearly all goes into
 * finding the symbols of 200 libraries, 60 ms of it, 90 with the sanitizers. fork_server.c is preloaded into the program and stands in
 * for its main; a request is the arguments, the environment, and standard input, output and errors. The run is the caller's own
 * child, as if it had been executed, but for what the loader does and is told (LD_*, the sanitizers' options), limits, and
 * /proc/PID/environ and cmdline: those are the server's, from the first run on. */
#ifndef LP_TESTS_FORK_SERVER_H
#define LP_TESTS_FORK_SERVER_H

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define FORK_SERVER_SOCKET "LONGPLAY_FORK_SERVER" /* the variable that tells the server where it is asked */
enum { FORK_SERVER_FDS = 3, FORK_SERVER_STRINGS = 4096, FORK_SERVER_BYTES = 128 << 10 };

/* A request: the arguments, then the environment, each string with its end. */
typedef struct {
    int n_arguments;
    char text[FORK_SERVER_BYTES];
} fork_server_request;

typedef union {
    struct cmsghdr head;
    char room[CMSG_SPACE(FORK_SERVER_FDS * sizeof(int))];
} fork_server_files;

#ifdef LP_FORK_SERVER

static inline int fork_server_open(const char *program) {
    int ends[2];
    char text[4096];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) return -1;
    if (!fork()) {
        const char *preload = getenv("LD_PRELOAD"), *options = getenv("ASAN_OPTIONS");
        snprintf(text, sizeof text, "%s:%s", LP_FORK_SERVER, preload ? preload : "");
        setenv("LD_PRELOAD", text, 1);
        snprintf(text, sizeof text, "%s:verify_asan_link_order=0", options ? options : "");
        setenv("ASAN_OPTIONS", text, 1); /* a sanitizer wants to be the first library otherwise */
        snprintf(text, sizeof text, "%d", fcntl(ends[1], F_DUPFD, FORK_SERVER_FDS));
        setenv(FORK_SERVER_SOCKET, text, 1);
        execl(program, "longplay", (char *)NULL);
        _exit(126);
    }
    close(ends[1]);
    return ends[0];
}

static inline size_t fork_server_put(fork_server_request *to, size_t n, const char *string) {
    size_t size = strlen(string) + 1;
    if (size > sizeof to->text - n) return n;
    memcpy(to->text + n, string, size);
    return n + size;
}

/* The new run's process, with our environment but for a display; or -1: the program is to be executed. */
static inline pid_t fork_server_start(const char *program, char *const *arguments, const int fds[FORK_SERVER_FDS]) {
    static fork_server_request request;
    static int server = -1;
    static pid_t owner; /* a child of the test's is no caller: its runs would be the test's */
    fork_server_files files = {.head = {CMSG_LEN(FORK_SERVER_FDS * sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    if (!owner) {
        owner = getpid();
        server = fork_server_open(program);
    }
    if (server < 0 || owner != getpid()) return -1;
    size_t n = 0;
    for (request.n_arguments = 0; arguments[request.n_arguments]; request.n_arguments++)
        n = fork_server_put(&request, n, arguments[request.n_arguments]);
    for (char **v = environ; *v; v++)
        if (strncmp(*v, "DISPLAY=", 8) && strncmp(*v, "WAYLAND_DISPLAY=", 16)) n = fork_server_put(&request, n, *v);
    memcpy(CMSG_DATA(&files.head), fds, FORK_SERVER_FDS * sizeof(int));
    struct iovec part = {&request, offsetof(fork_server_request, text) + n};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &files, .msg_controllen = sizeof files};
    pid_t child = -1;
    if (sendmsg(server, &message, MSG_NOSIGNAL) < 0 || recv(server, &child, sizeof child, 0) != sizeof child) return -1;
    return child;
}

#endif
#endif
