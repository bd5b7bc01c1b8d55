#include "ini.h"

#include <stdio.h>
#include <string.h>

static int number = 0;

static void ok(int passed, const char *name) {
  printf("%sok %d - %s\n", passed ? "" : "not ", ++number, name);
  fflush(stdout);
}

static int same(const char *left, const char *right) { return strcmp(left, right) == 0; }

int main(void) {
  struct ini ini;
  long value = -1;
  const char *text =
      "name = top\n"
      "[Server]\n"
      "  host = example.org   ; where it runs\n"
      "port=8080\n"
      "# a comment = not a pair\n"
      "motto = \"a # b ; c\"\n"
      "path = /a#b\n"
      "empty =\n"
      "debug = Yes\n"
      "verbose = off\n"
      "port = 0x1F90\n"
      "[limits]\n"
      "low = -5\n"
      "text = 12px";

  printf("1..14\n");
  ok(ini_parse(&ini, text) == 0, "a file is read");
  ok(ini.count == 11, "every pair is an entry");
  ok(same(ini_get(&ini, "", "name", "?"), "top"), "pairs before a section have none");
  ok(same(ini_get(&ini, "server", "host", "?"), "example.org"), "comments end values");
  ok(same(ini_get(&ini, "Server", "motto", "?"), "a # b ; c"), "quotes keep comments");
  ok(same(ini_get(&ini, "Server", "path", "?"), "/a#b"), "a hash within a word is no comment");
  ok(same(ini_get(&ini, "Server", "empty", "?"), ""), "a value may be empty");
  ok(same(ini_get(&ini, "Server", "none", "?"), "?"), "what is missing has a fallback");
  ok(ini_get_long(&ini, "Server", "port", 1, 65535, &value) && value == 8080,
     "the last value counts and may be hexadecimal");
  ok(ini_get_long(&ini, "limits", "low", -5, 5, &value) && value == -5, "limits belong to the range");
  ok(!ini_get_long(&ini, "limits", "text", 0, 99, &value) && value == -5,
     "a number with a rest is none");
  ok(ini_get_flag(&ini, "Server", "debug", 0) == 1 && ini_get_flag(&ini, "Server", "verbose", 1) == 0,
     "flags are words");
  ini_free(&ini);
  ok(ini_parse(&ini, "a = 1\n[broken\n") == 2, "an open bracket is told with its line");
  ini_free(&ini);
  ok(ini_parse(&ini, "\n\n = 1\n") == 3, "a pair needs a key");
  ini_free(&ini);
  return 0;
}
