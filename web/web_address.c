/* Where the page is served, and to whom. */
#include "web/web_parts.h"

#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 256, MAX_PASSWORD_FILE = 4096 };

static bool is_loopback(const struct sockaddr *a) {
    if (a->sa_family == AF_INET) return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
    return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

/* "HOST:PORT" or "[HOST]:PORT", of which host is a number or localhost. */
static lp_status resolve(struct addrinfo **out, const char *address, lp_err *err) {
    char host[80];
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;
    bool brackets = length > 2 && address[0] == '[' && address[length - 1] == ']';
    bool port =
        colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1) && strlen(colon + 1) < 6 && atoi(colon + 1) < 65536;
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    snprintf(host, sizeof host, "%.*s", (int)(brackets ? length - 2 : length), address + brackets);
    if (!strcmp(host, "localhost")) snprintf(host, sizeof host, "127.0.0.1");
    if (port && length < sizeof host && (brackets || !strchr(host, ':')) && !getaddrinfo(host, colon + 1, &hints, out)) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "--web '%s': must be ADDRESS:PORT, as 127.0.0.1:8600", address);
}

lp_status lp_web_listen(int *fd, char url[128], bool *loopback, const char *address, lp_err *err) {
    struct addrinfo *info;
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[80], port[16];
    int on = 1;
    lp_status status = resolve(&info, address, err);
    if (status) return status;
    *loopback = is_loopback(info->ai_addr);
    *fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) || bind(*fd, info->ai_addr, info->ai_addrlen) ||
        listen(*fd, BACKLOG) || getsockname(*fd, (struct sockaddr *)&bound, &size) ||
        getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV))
        status = lp_fail(err, errno == EADDRNOTAVAIL ? LP_BAD_INPUT : LP_FAILED, "--web %s: %s", address, strerror(errno));
    else snprintf(url, 128, strchr(host, ':') ? "http://[%s]:%s/" : "http://%s:%s/", host, port);
    freeaddrinfo(info);
    return status;
}

lp_status lp_web_read_password(char **out, const char *path, lp_err *err) {
    lp_blob file = {0};
    lp_status status = lp_file_read(&file, path, MAX_PASSWORD_FILE, err);
    if (status) return lp_fail_prefix(err, status, "--web-password");
    size_t length = strcspn((char *)file.data, "\r\n");
    if (length < LP_WEB_MIN_PASSWORD)
        status = lp_fail(err, LP_BAD_INPUT, "--web-password %s: the first line must be a password of at least %d characters", path,
                         LP_WEB_MIN_PASSWORD);
    else if (!(*out = strndup((char *)file.data, length))) status = lp_fail(err, LP_FAILED, "--web-password: out of memory");
    lp_blob_free(&file);
    return status;
}

bool lp_web_same(const char *secret, const char *given) {
    size_t n = strlen(secret), m = strlen(given);
    unsigned differ = n != m;
    for (size_t i = 0; i < m; i++) differ |= (unsigned char)given[i] ^ (unsigned char)secret[i % n];
    return !differ;
}

bool lp_web_own_host(const char *host) {
    char name[80];
    struct in6_addr number;
    if (!host || strlen(host) >= sizeof name) return false;
    if (*host == '[') {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(host + 1, "]"), host + 1);
        return inet_pton(AF_INET6, name, &number) == 1;
    }
    snprintf(name, sizeof name, "%.*s", (int)strcspn(host, ":"), host);
    return !strcmp(name, "localhost") || inet_pton(AF_INET, name, &number) == 1;
}
