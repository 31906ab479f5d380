// RE2 behind C: compile, match, free. Time is linear in the text, memory is bounded, whatever the pattern.

#ifndef CRE2_H
#define CRE2_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/// Compiles a pattern of `length` bytes, or returns NULL and writes a message of at most `capacity` bytes, NUL included.
cre2_pattern *_Nullable cre2_compile(
    const char *_Nonnull pattern, size_t length, char *_Nonnull message, size_t capacity);

/// Whether the pattern occurs anywhere in the first `searched` bytes of the text; `$` is the end of the whole text all
/// the same. May be called from several threads at once.
bool cre2_matches(
    const cre2_pattern *_Nonnull pattern, const char *_Nullable text, size_t length, size_t searched);

/// How many instructions the pattern became: what the time of a match grows with, beside the text.
int cre2_size(const cre2_pattern *_Nonnull pattern);

void cre2_free(cre2_pattern *_Nonnull pattern);

#ifdef __cplusplus
}
#endif

#endif
