/* What the tests of the web page of a program that plays share. */
#ifndef LP_TESTS_PAGE_SUPPORT_H
#define LP_TESTS_PAGE_SUPPORT_H

#include "tests/cli_support.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* Starts with --web; returns the port that it tells. */
static inline int start_web(const char *arguments, pid_t *child) {
    static int told = -1; /* stays open, so that it can go on telling */
    char line[512] = "";
    int fds[2], port = 0;
    if (told >= 0) close(told);
    size_t n = 0;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    *child = start(arguments, NULL, open("/dev/null", O_WRONLY | O_CLOEXEC), fds[1]);
    close(fds[1]);
    while (!port && n + 1 < sizeof line && read(fds[0], line + n, 1) == 1) {
        line[++n] = 0;
        if (line[n - 1] == '/') sscanf(line, "longplay: the page is at http://127.0.0.1:%d/", &port);
    }
    told = fds[0];
    if (!port) fail_msg("%s: %s", arguments, line);
    return port;
}

/* A connection on which that was asked; -1: the page is gone. */
static inline int ask(int port, const char *path) {
    char request[256];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to)) return close(fd), -1;
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
    (void)send(fd, request, strlen(request), MSG_NOSIGNAL);
    return fd;
}

/* What the page answers; NULL: it is gone. Valid until the next call. */
static inline const char *get(int port, const char *path) {
    static char answer[1 << 18];
    int fd = ask(port, path);
    size_t n = 0;
    ssize_t got = 0;
    memset(answer, 0, sizeof answer);
    while (fd >= 0 && n + 1 < sizeof answer && (got = recv(fd, answer + n, sizeof answer - 1 - n, 0)) > 0) n += (size_t)got;
    if (fd >= 0) close(fd);
    return n ? answer : NULL;
}

static inline void wait_for(int port, const char *path, const char *text) {
    for (int i = 0; i < 1200; i++) {
        const char *answer = get(port, path);
        if (answer && strstr(answer, text)) return;
        usleep(100000);
    }
    fail_msg("%s never has '%s'", path, text);
}

#endif
