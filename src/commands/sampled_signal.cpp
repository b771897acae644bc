#include "commands/sampled_signal.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <iterator>
#include <numbers>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/number.hpp"
#include "base/random.hpp"
#include "data/number_text.hpp"
#include "io/gzip.hpp"

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

// The index of the column.
size_t column_of(const std::string& column, const NumberText& rows, size_t columns, const std::string& where) {
  if (column.empty()) return 0;
  if (const auto found = find_column(column, rows.header(), columns)) return *found;
  fail(ExitCode::kUsage, "--column {}: {} has {} column{}\n  expected   {}1 to {}", column, where, columns,
       columns == 1 ? "" : "s",
       rows.header().empty() ? "" : fmt::format("one of {}, or ", fmt::join(rows.header(), ", ")), columns);
}

std::string another_column(size_t index, size_t columns) {
  return columns < 2 ? "" : fmt::format("\n  another column   --column {}", index == 0 ? 2 : 1);
}

}  // namespace

std::vector<double> read_signal(const std::string& path, const std::string& column, std::optional<int64_t> length) {
  const bool standard = path == "-";
  const std::string where = standard ? "standard input" : path;
  const std::string input = standard ? std::string(std::istreambuf_iterator<char>(std::cin), {}) : "";
  const io::Bytes file = standard ? io::Bytes() : io::read_maybe_gzip(path, uint64_t{1} << 30);
  NumberText rows(standard ? std::string_view(input) : file.text(), where);
  std::vector<double> f, row;
  size_t index = 0, columns = 0;
  while ((!length || static_cast<int64_t>(f.size()) < *length) && rows.next(row)) {
    if (f.empty()) {
      columns = std::max(row.size(), rows.header().size());
      index = column_of(column, rows, columns, where);
    }
    if (index >= row.size() || std::isnan(row[index])) {
      fail(ExitCode::kData, "{}:{}: {}\n  expected   a number in column {}{}", where, rows.line(),
           index < row.size() ? fmt::format("{} is not a number", rows.found(index))
                              : fmt::format("{} columns", row.size()),
           index + 1, column.empty() ? another_column(index, columns) : "");
    }
    f.push_back(row[index]);
  }
  if (f.empty()) fail(ExitCode::kData, "{}: no numbers\n  expected   one number on each line, or a .csv", where);
  if (length && static_cast<int64_t>(f.size()) < *length) {
    fail(ExitCode::kData, "{}: {} numbers, and --length asks for {}", where, f.size(), *length);
  }
  if (column.empty() && columns > 1) {
    if (rows.first_column_counts()) {
      log::warning("{}: column 1 counts the rows: an index, not a signal?{}", where, another_column(0, columns));
    } else {
      log::info("{} has {} columns; the first is projected{}", where, columns, another_column(0, columns));
    }
  }
  return f;
}

}  // namespace mlrun
