#include "data/deal_out.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/random.hpp"

namespace mlrun {

namespace {

constexpr int64_t kRowsAtOnce = 1024;

}  // namespace

std::vector<double> read_split(config::Reader& spec, const std::string& help) {
  std::vector<double> split = spec.reals(
      "split",
      {.help = help, .min = 0, .max = 1, .exclusive_min = true, .max_size = 3, .fallback = std::vector<double>{}});
  if (spec.describing() || split.empty()) return split;
  const double sum = std::accumulate(split.begin(), split.end(), 0.0);
  if (split.size() != 3) spec.mistake("split", fmt::format("found {} shares, expected 3", split.size()));
  else if (std::abs(sum - 1) > 1e-6)
    spec.mistake("split", fmt::format("the shares sum to {}, expected 1", print_number(sum)));
  return split;
}

std::array<std::vector<int64_t>, 3> deal_out(DataContent& content, const std::vector<double>& shares, uint64_t seed,
                                             const std::string& file, const std::string& folder) {
  const DataContent::Part all = content.parts[0];
  const int64_t rows = all.symbols.rows();
  const auto round = [&](double share) { return static_cast<int64_t>(share * static_cast<double>(rows) + 0.5); };
  const int64_t valid = round(shares[1]), test = round(shares[2]), train = rows - valid - test;
  if (train < 1 || valid < 1 || test < 1) {
    fail(ExitCode::kData, "{}: found {} rows, too few for data.split: it leaves {}/{}/{}", file, rows, train, valid,
         test);
  }
  std::vector<int64_t> order = RandomStream(seed, "split").permutation(rows);
  std::vector<int32_t> symbols(static_cast<size_t>(all.symbols.width()));
  auto begin = order.begin();
  const std::array<int64_t, 3> counts = {train, valid, test};
  std::array<std::vector<int64_t>, 3> dealt;
  for (size_t i = 0; i < 3; ++i) {
    const auto end = begin + counts[i];
    std::sort(begin, end);
    dealt[i].assign(begin, end);
    SymbolTableBuilder builder(all.symbols.width(), folder);
    content.parts[i].labels.clear();
    for (; begin != end; ++begin) {
      all.symbols.unpack(*begin, symbols.data());
      if (*begin % kRowsAtOnce == 0)
        all.symbols.pass_over(all.symbols.bytes().size() / static_cast<size_t>(rows) * static_cast<size_t>(*begin));
      builder.append(std::span<const int32_t>(symbols));
      if (!all.labels.empty()) content.parts[i].labels.push_back(all.labels[static_cast<size_t>(*begin)]);
    }
    content.parts[i].symbols = std::move(builder).finish();
  }
  set_hash(content);
  return dealt;
}

std::string split_words(const std::vector<double>& shares, uint64_t seed) {
  return fmt::format("split {}/{}/{} (seed {})", print_number(shares[0]), print_number(shares[1]),
                     print_number(shares[2]), seed);
}

}  // namespace mlrun
