// RE2 behind C. No exception leaves it: RE2 throws none, and allocations that fail end the program as in Swift.

#include "CRE2.h"

#include <algorithm>
#include <cstring>
#include <re2/re2.h>

struct cre2_pattern {
    re2::RE2 expression;
};

cre2_pattern *cre2_compile(const char *pattern, size_t length, char *message, size_t capacity) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    // Bounds the compiled program and the automaton made from it while matching.
    options.set_max_mem(1 << 20);
    auto *compiled = new cre2_pattern{re2::RE2(re2::StringPiece(pattern, length), options)};
    if (compiled->expression.ok()) return compiled;
    if (capacity > 0) {
        const std::string &error = compiled->expression.error();
        const size_t count = std::min(error.size(), capacity - 1);
        std::memcpy(message, error.data(), count);
        message[count] = '\0';
    }
    delete compiled;
    return nullptr;
}

bool cre2_matches(const cre2_pattern *pattern, const char *text, size_t length, size_t searched) {
    return pattern->expression.Match(
        re2::StringPiece(text, length), 0, std::min(searched, length), re2::RE2::UNANCHORED, nullptr, 0);
}

int cre2_size(const cre2_pattern *pattern) { return pattern->expression.ProgramSize(); }

void cre2_free(cre2_pattern *pattern) { delete pattern; }
