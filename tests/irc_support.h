/* A real IRC server (Debian's ngircd) on loopback, and somebody in a channel of it. */
#ifndef LP_TESTS_IRC_SUPPORT_H
#define LP_TESTS_IRC_SUPPORT_H

#include "base/log.h"
#include "irc/irc_line.h"
#include "tests/cli_support.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define NGIRCD "/usr/sbin/ngircd"
enum { LONG_S = 60 };

static int chat_port;             /* 0: start_ngircd chooses one */
static const char *chat_password; /* NULL: none */

static inline bool has_ngircd(void) {
    if (!access(NGIRCD, X_OK)) return true;
    print_message("skipped: no ngircd here (Debian: ngircd)\n");
    return false;
}

static inline int free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* more: lines of its configuration; NULL: none. */
static inline pid_t start_ngircd(const char *more) {
    char conf[PATH_MAX];
    snprintf(conf, sizeof conf, "%s", at("ngircd.conf"));
    if (!chat_port) chat_port = free_port();
    FILE *f = fopen(conf, "w");
    assert_non_null(f);
    fprintf(f,
            "[Global]\nName = irc.test.local\nAdminEMail = a@test.local\nInfo = a test\nListen = 127.0.0.1\nPorts = %d\n%s\n%s%s\n"
            "[Limits]\nMaxConnectionsIP = 0\nMaxPenaltyTime = 0\nMaxNickLength = 20\n[Options]\nDNS = no\nIdent = no\nPAM = no\n%s",
            chat_port, geteuid() ? "" : "ServerUID = root\nServerGID = root", chat_password ? "Password = " : "",
            chat_password ? chat_password : "", more ? more : "");
    assert_int_equal(fclose(f), 0);
    pid_t child = fork();
    if (child) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!freopen(at("ngircd.log"), "a", stdout) || dup2(1, 2) < 0) _exit(126);
    execl(NGIRCD, "ngircd", "-n", "-f", conf, NULL);
    _exit(126);
}

static inline void stop_ngircd(pid_t server) {
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

/* Somebody who writes and reads. */
typedef struct {
    int fd;
    lp_irc_reader reader;
} person;

static inline void write_line(const person *p, const char *line) {
    char whole[600];
    const int n = snprintf(whole, sizeof whole, "%s\r\n", line);
    for (int sent = 0; sent < n;) {
        const ssize_t k = send(p->fd, whole + sent, (size_t)(n - sent), MSG_NOSIGNAL);
        assert_true(k > 0);
        sent += (int)k;
    }
}

/* A line that has words in it, within LONG_S; pings are answered. */
static inline void wait_for(person *p, const char *words, char *out, size_t size) {
    const double end_s = lp_now_s() + LONG_S;
    while (lp_now_s() < end_s) {
        struct pollfd f = {.fd = p->fd, .events = POLLIN};
        char byte;
        if (poll(&f, 1, 100) <= 0) continue;
        if (read(p->fd, &byte, 1) != 1) fail_msg("the server is gone; waiting for '%s'", words);
        if (!lp_irc_take(&p->reader, byte)) continue;
        if (!strncmp(p->reader.line, "PING", 4)) write_line(p, "PONG x");
        if (!strstr(p->reader.line, words)) continue;
        if (out) snprintf(out, size, "%s", p->reader.line);
        return;
    }
    fail_msg("no '%s'", words);
}

static inline person join(const char *nick, const char *channel) {
    char line[100];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)chat_port)};
    person p = {.fd = -1};
    const double end_s = lp_now_s() + LONG_S;
    while (p.fd < 0 && lp_now_s() < end_s) { /* it may not listen yet */
        p.fd = socket(AF_INET, SOCK_STREAM, 0);
        if (!connect(p.fd, (struct sockaddr *)&address, sizeof address)) break;
        close(p.fd);
        p.fd = -1;
        usleep(50000);
    }
    assert_true(p.fd >= 0);
    if (chat_password) {
        snprintf(line, sizeof line, "PASS %s", chat_password);
        write_line(&p, line);
    }
    snprintf(line, sizeof line, "NICK %s", nick);
    write_line(&p, line);
    write_line(&p, "USER x 0 * :x");
    wait_for(&p, " 001 ", NULL, 0);
    snprintf(line, sizeof line, "JOIN %s", channel);
    write_line(&p, line);
    wait_for(&p, " 366 ", NULL, 0);
    return p;
}

static inline void say(const person *p, const char *channel, const char *text) {
    char line[600];
    snprintf(line, sizeof line, "PRIVMSG %s :%s", channel, text);
    write_line(p, line);
}

#endif
