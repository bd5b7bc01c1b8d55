#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

// A cache of texts with a limit on their sizes together; what was used longest ago goes first.
class Lru {
 public:
  explicit Lru(std::size_t limit);

  // The text of a key, which counts as used; nothing if it is not there (any more).
  std::optional<std::string> get(const std::string& key);
  // Replaces what a key had. A text that is larger than the limit is not kept; false says so.
  bool put(const std::string& key, std::string value);
  bool erase(const std::string& key);
  // As if the key had just been used; throws std::out_of_range for a key that is not there.
  void touch(const std::string& key);

  std::size_t size() const { return order_.size(); }
  std::size_t used() const { return used_; }
  double hit_rate() const;
  std::string keys() const;

 private:
  using Entry = std::pair<std::string, std::string>;

  void shrink(std::size_t most);

  std::size_t limit_;
  std::size_t used_ = 0;
  std::size_t hits_ = 0;
  std::size_t asked_ = 0;
  std::list<Entry> order_;
  std::unordered_map<std::string, std::list<Entry>::iterator> places_;
};
