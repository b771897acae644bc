#include "nn/layout.hpp"

#include <cctype>
#include <utility>

namespace mlrun {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// Whether the path is the pattern with a number in the place of each *.
bool fits(const std::string& pattern, const std::string& path) {
  size_t at = 0;
  for (const char c : pattern) {
    if (c != '*') {
      if (at >= path.size() || path[at] != c) return false;
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < path.size() && is_digit(path[at])) ++at;
    if (at == begin) return false;
  }
  return at == path.size();
}

}  // namespace

Layout& Layout::line(std::string text) {
  lines_.push_back(std::move(text));
  return *this;
}

Layout& Layout::tensor(std::string path, std::string meaning) {
  tensors_.push_back({std::move(path), std::move(meaning)});
  return *this;
}

Layout& Layout::part(const std::string& prefix, const Layout& of) {
  lines_.insert(lines_.end(), of.lines_.begin(), of.lines_.end());
  for (const Entry& entry : of.tensors_) tensor(prefix + entry.path, entry.meaning);
  return *this;
}

const Layout::Entry* Layout::find(const std::string& path) const {
  for (const Entry& entry : tensors_) {
    if (fits(entry.path, path)) return &entry;
  }
  return nullptr;
}

}  // namespace mlrun
