// Typed setters around libcurl's variadic functions, which Swift cannot call.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *context);
typedef int (*ccurl_prerequest_callback)(
    void *context, char *peer, char *local, int peer_port, int local_port);
typedef int (*ccurl_socket_callback)(
    CURL *easy, curl_socket_t descriptor, int what, void *context, void *socket_context);
typedef int (*ccurl_opened_callback)(void *context, curl_socket_t descriptor, curlsocktype purpose);
typedef int (*ccurl_closed_callback)(void *context, curl_socket_t descriptor);
typedef int (*ccurl_timer_callback)(CURLM *multi, long milliseconds, void *context);

typedef curl_socket_t (*ccurl_open_callback)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

/// libcurl copies the string.
static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

/// For options that keep the pointer: it has to live as long as the handle uses it.
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

/// An address that has been taken apart already; the handle keeps the pointer.
static inline CURLcode ccurl_set_address(CURL *easy, CURLU *address) {
    return curl_easy_setopt(easy, CURLOPT_CURLU, address);
}

/// Sets the size first, so that libcurl copies exactly these bytes.
static inline CURLcode ccurl_set_body(CURL *easy, const void *bytes, curl_off_t count) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, count);
    if (code != CURLE_OK) return code;
    return curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, bytes);
}

/// What is called with the body, with header lines and before the request is sent.
static inline void ccurl_set_functions(
    CURL *easy, ccurl_data_callback body, ccurl_data_callback header, ccurl_prerequest_callback ready) {
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, ready);
}

/// What those are given, and what `ccurl_get_private` returns.
static inline void ccurl_set_context(CURL *easy, void *context) {
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, context);
}

/// Says when a socket for a connection is opened, and has it closed by `closed`.
static inline CURLcode ccurl_watch_connections(
    CURL *easy, ccurl_opened_callback opened, ccurl_closed_callback closed, void *context) {
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, opened);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, context);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, closed);
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, context);
}

static inline CURLcode ccurl_set_open_function(CURL *easy, ccurl_open_callback function) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}

/// Puts another line into a node of a list. libcurl's lists are of the C library's memory, unless somebody has given it
/// another.
static inline int ccurl_set_line(struct curl_slist *node, const char *line) {
    char *copy = strdup(line);
    if (copy == NULL) return 0;
    free(node->data);
    node->data = copy;
    return 1;
}

/// What libcurl does without a function of ours.
static inline curl_socket_t ccurl_open_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype, address->protocol);
}

/// The bytes of an IPv4 or IPv6 address; how many there are, 0 for other families.
static inline int ccurl_address_bytes(const struct curl_sockaddr *address, uint8_t bytes[16]) {
    if (address->family == AF_INET) {
        memcpy(bytes, &((const struct sockaddr_in *)&address->addr)->sin_addr, 4);
        return 4;
    }
    if (address->family == AF_INET6) {
        memcpy(bytes, &((const struct sockaddr_in6 *)&address->addr)->sin6_addr, 16);
        return 16;
    }
    return 0;
}

static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

/// The socket of the connection that a finished `CURLOPT_CONNECT_ONLY` transfer left open; -1 when there is none.
static inline curl_socket_t ccurl_active_socket(CURL *easy) {
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &descriptor) != CURLE_OK) return CURL_SOCKET_BAD;
    return descriptor;
}

static inline void *ccurl_get_private(CURL *easy) {
    char *value = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value) != CURLE_OK) return NULL;
    return value;
}

/// The file of certificate authorities that libcurl was built to trust; NULL when it has none.
static inline const char *ccurl_system_authorities(void) {
    return curl_version_info(CURLVERSION_NOW)->cainfo;
}

/// The result of a `CURLMSG_DONE` message; Swift does not see the union's member as an enumeration reliably.
static inline CURLcode ccurl_message_result(const CURLMsg *message) {
    return message->data.result;
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_socket_function(
    CURLM *multi, ccurl_socket_callback function, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
    if (code != CURLM_OK) return code;
    return curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}

static inline CURLMcode ccurl_multi_set_timer_function(
    CURLM *multi, ccurl_timer_callback function, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
    if (code != CURLM_OK) return code;
    return curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}
