/* See fork_server.h. Nothing here allocates: want of memory is tested through it. */
#include "tests/fork_server.h"

#include <dlfcn.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

typedef int main_function(int, char **, char **);

static main_function *program;

/* As fork does, but the child is our parent's: it waits for it. -1: not on this system. */
static pid_t fork_for_parent(void) {
    void *tid = NULL; /* where libc keeps the thread's own number */
    if (prctl(PR_GET_TID_ADDRESS, &tid)) return -1;
    struct clone_args how = {.flags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, .child_tid = (uintptr_t)tid};
    return (pid_t)syscall(SYS_clone3, &how, sizeof how);
}

static int run(fork_server_request *request, size_t size, const int fds[FORK_SERVER_FDS]) {
    static char *strings[FORK_SERVER_STRINGS + 2]; /* two lists, each with NULL at its end */
    int n = 0;
    for (char *c = request->text; c < (char *)request + size && n < FORK_SERVER_STRINGS; c += strlen(c) + 1) {
        if (n == request->n_arguments) strings[n++] = NULL;
        strings[n++] = c;
    }
    strings[n] = NULL;
    for (int i = 0; i < FORK_SERVER_FDS; i++) dup2(fds[i], i), close(fds[i]);
    environ = strings + request->n_arguments + 1;
    return program(request->n_arguments, strings, environ);
}

static int serve(int argc, char **argv, char **environment) {
    (void)argc, (void)argv, (void)environment;
    static fork_server_request request;
    const char *given = getenv(FORK_SERVER_SOCKET);
    int s = given ? atoi(given) : -1;
    for (;;) {
        fork_server_files files;
        struct iovec part = {&request, sizeof request};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &files, .msg_controllen = sizeof files};
        ssize_t size = recvmsg(s, &message, 0);
        if (size <= 0 || message.msg_controllen < sizeof files) _exit(0); /* the test has ended */
        int *fds = (int *)CMSG_DATA(&files.head);
        pid_t child = fork_for_parent();
        if (!child) {
            close(s);
            return run(&request, (size_t)size, fds);
        }
        for (int i = 0; i < FORK_SERVER_FDS; i++) close(fds[i]);
        if (send(s, &child, sizeof child, MSG_NOSIGNAL) < 0) _exit(0);
    }
}

/* What calls main, once all libraries are loaded and made ready. A program that is no server's, as what a run starts, keeps its own. */
int __libc_start_main(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void), void (*fini)(void), void (*unload)(void),
                      void *stack) {
    __typeof__(&__libc_start_main) next = (__typeof__(next))dlsym(RTLD_NEXT, "__libc_start_main");
    program = main;
    return next(getenv(FORK_SERVER_SOCKET) ? serve : main, argc, argv, init, fini, unload, stack);
}
