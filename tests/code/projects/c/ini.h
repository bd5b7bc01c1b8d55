#ifndef INI_H
#define INI_H

#include <stddef.h>

/* An ordered list of `section.key = value` entries, read from text. */
struct ini_entry {
  char *section;
  char *key;
  char *value;
};

struct ini {
  struct ini_entry *entries;
  size_t count;
  size_t capacity;
};

/* Reads `text` into `ini`. Returns 0, or the number of the first line that is none. */
int ini_parse(struct ini *ini, const char *text);

/* The value that stands last for a key, or `fallback`. */
const char *ini_get(const struct ini *ini, const char *section, const char *key,
                    const char *fallback);

/* A whole number; returns 0 and leaves `out` alone if there is none in [low, high]. */
int ini_get_long(const struct ini *ini, const char *section, const char *key, long low, long high,
                 long *out);

/* 1 for yes, true, on and 1; 0 for no, false, off and 0; else `fallback`. */
int ini_get_flag(const struct ini *ini, const char *section, const char *key, int fallback);

void ini_free(struct ini *ini);

#endif
