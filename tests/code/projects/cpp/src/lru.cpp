#include "lru.hpp"

Lru::Lru(std::size_t limit) : limit_(limit) {
  if (limit == 0) {
    throw std::invalid_argument("a cache needs room for something");
  }
}

std::optional<std::string> Lru::get(const std::string& key) {
  ++asked_;
  auto found = places_.find(key);
  if (found == places_.end()) {
    return std::nullopt;
  }
  ++hits_;
  order_.splice(order_.begin(), order_, found->second);
  return found->second->second;
}

bool Lru::put(const std::string& key, std::string value) {
  erase(key);
  if (value.size() > limit_) {
    return false;
  }
  shrink(limit_ - value.size());
  used_ += value.size();
  order_.emplace_front(key, std::move(value));
  places_[key] = order_.begin();
  return true;
}

bool Lru::erase(const std::string& key) {
  auto found = places_.find(key);
  if (found == places_.end()) {
    return false;
  }
  used_ -= found->second->second.size();
  order_.erase(found->second);
  places_.erase(found);
  return true;
}

void Lru::touch(const std::string& key) {
  auto found = places_.find(key);
  if (found == places_.end()) {
    throw std::out_of_range("no entry " + key);
  }
  order_.splice(order_.begin(), order_, found->second);
}

double Lru::hit_rate() const {
  return asked_ == 0 ? 0.0 : static_cast<double>(hits_) / static_cast<double>(asked_);
}

std::string Lru::keys() const {
  std::string text;
  for (const auto& entry : order_) {
    if (!text.empty()) {
      text += ",";
    }
    text += entry.first;
  }
  return text;
}

void Lru::shrink(std::size_t most) {
  while (used_ > most && !order_.empty()) {
    const auto& last = order_.back();
    used_ -= last.second.size();
    places_.erase(last.first);
    order_.pop_back();
  }
}
