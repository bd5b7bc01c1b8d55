#include "ini.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *copied(const char *text, size_t length) {
  char *copy = malloc(length + 1);
  if (copy != NULL) {
    memcpy(copy, text, length);
    copy[length] = '\0';
  }
  return copy;
}

static const char *skip_space(const char *at, const char *end) {
  while (at < end && isspace((unsigned char)*at)) {
    at++;
  }
  return at;
}

static const char *trim_end(const char *start, const char *end) {
  while (end > start && isspace((unsigned char)end[-1])) {
    end--;
  }
  return end;
}

/* Where a comment starts: at a `;` or `#` after white space, and not within quotes. */
static const char *before_comment(const char *start, const char *end) {
  int quoted = 0;
  for (const char *at = start; at < end; at++) {
    if (*at == '"') {
      quoted = !quoted;
    } else if ((*at == ';' || *at == '#') && !quoted) {
      if (at == start || isspace((unsigned char)at[-1])) {
        return at;
      }
    }
  }
  return end;
}

static int append(struct ini *ini, const char *section, const char *key, size_t key_length,
                  const char *value, size_t value_length) {
  if (ini->count == ini->capacity) {
    size_t capacity = ini->capacity == 0 ? 8 : ini->capacity * 2;
    struct ini_entry *grown = realloc(ini->entries, capacity * sizeof *grown);
    if (grown == NULL) {
      return 0;
    }
    ini->entries = grown;
    ini->capacity = capacity;
  }
  struct ini_entry *entry = &ini->entries[ini->count++];
  entry->section = copied(section, strlen(section));
  entry->key = copied(key, key_length);
  entry->value = copied(value, value_length);
  return entry->section != NULL && entry->key != NULL && entry->value != NULL;
}

static int parse_pair(struct ini *ini, const char *section, const char *at, const char *end) {
  const char *equals = memchr(at, '=', (size_t)(end - at));
  if (equals == NULL || equals == at) {
    return 0;
  }
  const char *key_end = trim_end(at, equals);
  const char *value = skip_space(equals + 1, end);
  if (end - value >= 2 && *value == '"' && end[-1] == '"') {
    value++;
    end--;
  }
  return append(ini, section, at, (size_t)(key_end - at), value, (size_t)(end - value));
}

int ini_parse(struct ini *ini, const char *text) {
  char *section = copied("", 0);
  int line = 0;
  int failed = 0;
  memset(ini, 0, sizeof *ini);
  while (*text != '\0' && !failed) {
    const char *newline = strchr(text, '\n');
    const char *end = newline == NULL ? text + strlen(text) : newline;
    const char *at = skip_space(text, end);
    const char *last = trim_end(at, before_comment(at, end));
    line++;
    if (at < last && *at == '[') {
      if (last[-1] == ']' && last - at > 2) {
        free(section);
        section = copied(at + 1, (size_t)(last - at - 2));
      } else {
        failed = line;
      }
    } else if (at < last && !parse_pair(ini, section, at, last)) {
      failed = line;
    }
    text = newline == NULL ? end : newline + 1;
  }
  free(section);
  return failed;
}

const char *ini_get(const struct ini *ini, const char *section, const char *key,
                    const char *fallback) {
  for (size_t i = ini->count; i > 0; i--) {
    const struct ini_entry *entry = &ini->entries[i - 1];
    if (strcasecmp(entry->section, section) == 0 && strcmp(entry->key, key) == 0) {
      return entry->value;
    }
  }
  return fallback;
}

int ini_get_long(const struct ini *ini, const char *section, const char *key, long low, long high,
                 long *out) {
  const char *text = ini_get(ini, section, key, "");
  char *end = NULL;
  long value = strtol(text, &end, 0);
  if (end == text || *end != '\0' || value < low || value > high) {
    return 0;
  }
  *out = value;
  return 1;
}

int ini_get_flag(const struct ini *ini, const char *section, const char *key, int fallback) {
  static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
  const char *text = ini_get(ini, section, key, "");
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcasecmp(text, words[i]) == 0) {
      return (int)(i % 2);
    }
  }
  return fallback;
}

void ini_free(struct ini *ini) {
  for (size_t i = 0; i < ini->count; i++) {
    free(ini->entries[i].section);
    free(ini->entries[i].key);
    free(ini->entries[i].value);
  }
  free(ini->entries);
  memset(ini, 0, sizeof *ini);
}
