#include "run/sampled_signal.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <iterator>
#include <numbers>
#include <string_view>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/random.hpp"
#include "io/file.hpp"

namespace mlrun {

const std::vector<SignalName>& builtin_signals() {
  static const std::vector<SignalName> all = {
      {"sine", "three periods"},
      {"chirp", "a sine that rises from 1 to 20 periods"},
      {"steps", "ten levels drawn with --seed"},
      {"sawtooth", "four teeth"},
      {"polynomial", "of degree 4: order 5 holds all of it"},
      {"noise", "band-limited, up to 12 periods, drawn with --seed"},
      {"white", "independent N(0, 1), drawn with --seed"},
  };
  return all;
}

std::vector<double> builtin_signal(const std::string& name, int64_t length, uint64_t seed) {
  const RandomStream random(seed, "hippo/" + name);
  constexpr double kTurn = 2 * std::numbers::pi;
  const auto at = [&](double u, int64_t i) {
    if (name == "sine") return std::sin(kTurn * 3 * u);
    if (name == "chirp") return std::sin(kTurn * (u + 9.5 * u * u));
    if (name == "steps") return 2 * random.uniform(static_cast<uint64_t>(std::floor(10 * u))) - 1;
    if (name == "sawtooth") return 2 * (4 * u - std::floor(4 * u)) - 1;
    if (name == "polynomial") return 1 + u * (-11 + u * (34 + u * (-40 + 16 * u)));
    if (name == "white") return random.normal(static_cast<uint64_t>(i));
    double sum = 0;  // noise
    for (uint64_t k = 1; k <= 12; ++k) {
      const double angle = kTurn * static_cast<double>(k) * u;
      sum += (random.normal(2 * k) * std::sin(angle) + random.normal(2 * k + 1) * std::cos(angle)) / std::sqrt(12.0);
    }
    return sum;
  };
  std::vector<double> f;
  for (int64_t i = 0; i < length; ++i) f.push_back(at((static_cast<double>(i) + 0.5) / static_cast<double>(length), i));
  return f;
}

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  const std::string_view parts = line.find_first_of(",;") != std::string_view::npos ? ",;" : "\t ";
  const bool blanks = parts.front() == '\t';
  std::vector<std::string_view> words;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find_first_of(parts, begin), line.size());
    std::string_view word = line.substr(begin, end - begin);
    while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
    if (!blanks || !word.empty()) words.push_back(word);
    begin = end + 1;
  }
  return words;
}

// The index of the column, given the words of the first line.
size_t column_of(const std::string& column, const std::vector<std::string_view>& names, const std::string& where) {
  if (column.empty()) return 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == column) return i;
  }
  const auto number = parse_integer(column);
  if (number && *number >= 1 && *number <= static_cast<int64_t>(names.size())) return static_cast<size_t>(*number) - 1;
  fail(ExitCode::kUsage, "--column {}: {} has {} column{}\n  expected   a name of its first line, or 1 to {}", column,
       where, names.size(), names.size() == 1 ? "" : "s", names.size());
}

}  // namespace

std::vector<double> read_signal(const std::string& path, const std::string& column, std::optional<int64_t> length) {
  const bool standard = path == "-";
  const std::string where = standard ? "standard input" : path;
  const std::string text = standard ? std::string(std::istreambuf_iterator<char>(std::cin), {})
                                    : io::read_text_file(path, uint64_t{1} << 30, ExitCode::kData);
  std::vector<double> f;
  size_t index = 0;
  bool first = true;
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size() && (!length || static_cast<int64_t>(f.size()) < *length);) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos || line.front() == '#') continue;
    const auto words = words_of(line);
    if (first) index = column_of(column, words, where);
    const auto value = index < words.size() ? parse_real(words[index]) : std::nullopt;
    const bool names = first && !value && index < words.size();
    first = false;
    if (names) continue;
    if (!value) {
      fail(ExitCode::kData, "{}:{}: {}\n  expected   a number in column {}", where, number,
           index < words.size() ? fmt::format("'{}' is not a number", words[index].substr(0, 40))
                                : fmt::format("{} columns", words.size()),
           index + 1);
    }
    f.push_back(*value);
  }
  if (f.empty()) fail(ExitCode::kData, "{}: no numbers\n  expected   one number on each line, or a .csv", where);
  if (length && static_cast<int64_t>(f.size()) < *length) {
    fail(ExitCode::kData, "{}: {} numbers, and --length asks for {}", where, f.size(), *length);
  }
  return f;
}

}  // namespace mlrun
