// A set of codes: bytes, or code points of Unicode.
#pragma once

#include <cstdint>
#include <vector>

namespace mlrun::constraints {

inline constexpr int64_t kMostCode = 0x10FFFF;

class CodeSet {
 public:
  CodeSet() = default;
  CodeSet(int64_t first, int64_t last) { add(first, last); }
  static CodeSet all() { return {0, kMostCode}; }

  void add(int64_t first, int64_t last) { ranges_.push_back({first, last}); }
  void add(const CodeSet& other) { ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end()); }
  bool has(int64_t code) const { return in(ranges_, code) != inverted_ && !in(away_, code); }
  // This set without the codes of `other`, which must not be inverted.
  CodeSet without(const CodeSet& other) const {
    CodeSet rest = *this;
    rest.away_.insert(rest.away_.end(), other.ranges_.begin(), other.ranges_.end());
    return rest;
  }
  // All other codes. Not for a set that without() made.
  CodeSet inverted() const {
    CodeSet other = *this;
    other.inverted_ = !inverted_;
    return other;
  }
  bool is_inverted() const { return inverted_; }
  bool empty() const { return ranges_.empty(); }
  int64_t single() const {  // the code, where there is one alone; else -1
    return !inverted_ && ranges_.size() == 1 && ranges_[0].first == ranges_[0].last ? ranges_[0].first : -1;
  }

 private:
  struct Range {
    int64_t first, last;
  };
  static bool in(const std::vector<Range>& ranges, int64_t code) {
    for (const Range& r : ranges) {
      if (r.first <= code && code <= r.last) return true;
    }
    return false;
  }
  std::vector<Range> ranges_, away_;  // away_: codes that are not in the set, whatever ranges_ say
  bool inverted_ = false;
};

}  // namespace mlrun::constraints
