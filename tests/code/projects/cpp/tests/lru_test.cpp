#include "lru.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>

#define EXPECT(condition)                                              \
  if (!(condition)) {                                                  \
    std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition);       \
    std::exit(1);                                                      \
  }

static void keeps_what_fits() {
  Lru cache(10);
  EXPECT(cache.put("a", "12345"));
  EXPECT(cache.put("b", "12345"));
  EXPECT(cache.used() == 10 && cache.size() == 2);
  EXPECT(cache.get("a") == "12345");
}

static void drops_the_oldest() {
  Lru cache(10);
  cache.put("a", "1234");
  cache.put("b", "1234");
  cache.get("a");
  cache.put("c", "1234");
  EXPECT(cache.keys() == "c,a");
  EXPECT(!cache.get("b"));
  EXPECT(cache.used() == 8);
}

static void replaces() {
  Lru cache(10);
  cache.put("a", "12345");
  cache.put("a", "1");
  EXPECT(cache.used() == 1 && cache.size() == 1);
  EXPECT(cache.get("a") == "1");
}

static void refuses_what_is_too_large() {
  Lru cache(3);
  cache.put("a", "123");
  EXPECT(!cache.put("b", "1234"));
  EXPECT(cache.keys() == "a");
  EXPECT(!cache.put("a", "1234"));
  EXPECT(cache.size() == 0 && cache.used() == 0);
}

static void touches() {
  Lru cache(2);
  cache.put("a", "1");
  cache.put("b", "1");
  cache.touch("a");
  EXPECT(cache.keys() == "a,b");
  try {
    cache.touch("c");
    EXPECT(false);
  } catch (const std::out_of_range&) {
  }
}

static void counts() {
  Lru cache(2);
  EXPECT(cache.hit_rate() == 0.0);
  cache.put("a", "1");
  cache.get("a");
  cache.get("b");
  EXPECT(cache.hit_rate() == 0.5);
}

static void erases() {
  Lru cache(5);
  cache.put("a", "123");
  EXPECT(cache.erase("a") && !cache.erase("a"));
  EXPECT(cache.used() == 0);
}

static void needs_room() {
  try {
    Lru cache(0);
    EXPECT(false);
  } catch (const std::invalid_argument&) {
  }
}

int main(int count, char** words) {
  const std::map<std::string, void (*)()> tests = {
      {"keeps_what_fits", keeps_what_fits}, {"drops_the_oldest", drops_the_oldest},
      {"replaces", replaces},               {"refuses_what_is_too_large", refuses_what_is_too_large},
      {"touches", touches},                 {"counts", counts},
      {"erases", erases},                   {"needs_room", needs_room},
  };
  if (count != 2 || tests.count(words[1]) == 0) {
    return 2;
  }
  tests.at(words[1])();
  return 0;
}
