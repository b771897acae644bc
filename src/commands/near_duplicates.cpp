#include "commands/near_duplicates.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>

#include "base/random.hpp"

namespace mlrun {
namespace {

constexpr int64_t kShortest = 64;                   // symbols of a row
constexpr int64_t kMostSymbols = int64_t{1} << 26;  // that are kept of a split: 128 MB
constexpr int64_t kMostAlphabet = int64_t{1} << 16;
constexpr int64_t kMostCandidates = 1000;  // that a row is compared with in one band
constexpr int64_t kReadAtOnce = 512;

// Rows of a split, in the form in which they are compared.
struct Rows {
  int64_t width = 0;
  std::vector<int64_t> numbers;   // in their split
  std::vector<uint16_t> symbols;  // of grey images: 1 where a pixel is brighter than the mean of its image
  std::vector<uint16_t> levels;   // of grey images: the pixels themselves
  int64_t count() const { return static_cast<int64_t>(numbers.size()); }
  std::span<const uint16_t> of(const std::vector<uint16_t>& values, int64_t i) const {
    return std::span(values).subspan(static_cast<size_t>(i * width), static_cast<size_t>(width));
  }
};

Rows read_rows(const Dataset& data, Split split, bool black_and_white) {
  Rows rows;
  rows.width = data.spec().positions();
  const int64_t all = data.count(split), count = std::min(all, std::max<int64_t>(1, kMostSymbols / rows.width));
  for (int64_t i = 0; i < count; ++i) rows.numbers.push_back(i * all / count);
  rows.symbols.reserve(static_cast<size_t>(count * rows.width));
  for (int64_t begin = 0; begin < count; begin += kReadAtOnce) {
    const auto first = rows.numbers.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::vector<int64_t> some(first, first + static_cast<std::ptrdiff_t>(std::min(kReadAtOnce, count - begin)));
    const Batch batch = data.batch(split, some, 0);
    const int32_t* symbols = batch.symbols.data<int32_t>();
    for (size_t i = 0; i < some.size(); ++i, symbols += rows.width) {
      if (black_and_white) rows.levels.insert(rows.levels.end(), symbols, symbols + rows.width);
      const int64_t sum = black_and_white ? std::accumulate(symbols, symbols + rows.width, int64_t{0}) : 0;
      for (int64_t p = 0; p < rows.width; ++p)
        rows.symbols.push_back(static_cast<uint16_t>(black_and_white ? symbols[p] * rows.width > sum : symbols[p]));
    }
  }
  return rows;
}

// The band of each position. Dealt out at random: neighbouring pixels say the same, and margins are empty.
std::vector<uint16_t> dealt_bands(int64_t width, int64_t bands) {
  std::vector<uint16_t> band(static_cast<size_t>(width));
  const std::vector<int64_t> dealt = RandomStream(1, "bands of near duplicates").permutation(width);
  for (int64_t i = 0; i < width; ++i)
    band[static_cast<size_t>(dealt[static_cast<size_t>(i)])] = static_cast<uint16_t>(i % bands);
  return band;
}

// For each row and band [count * bands] a number that is equal where the row is equal in this band.
std::vector<uint64_t> band_keys(const Rows& rows, const std::vector<uint16_t>& band, int64_t bands) {
  std::vector<uint64_t> keys(static_cast<size_t>(rows.count() * bands), 0x9e3779b97f4a7c15);
  for (int64_t i = 0; i < rows.count(); ++i) {
    const std::span<const uint16_t> row = rows.of(rows.symbols, i);
    uint64_t* of_row = keys.data() + i * bands;
    for (size_t p = 0; p < row.size(); ++p) {
      uint64_t& key = of_row[band[p]];
      key = (key ^ row[p]) * 0xff51afd7ed558ccd;
      key ^= key >> 32;
    }
  }
  return keys;
}

bool differ_in_at_most(std::span<const uint16_t> a, std::span<const uint16_t> b, int64_t most) {
  constexpr size_t kAtOnce = 64;
  int64_t differing = 0;
  for (size_t begin = 0; begin < a.size() && differing <= most; begin += kAtOnce)
    for (size_t p = begin; p < std::min(a.size(), begin + kAtOnce); ++p) differing += a[p] != b[p] ? 1 : 0;
  return differing <= most;
}

// Pearson's, of the levels of two images: 1 where one is the other, brighter or of more contrast; 0 where one is flat.
double correlation(std::span<const uint16_t> a, std::span<const uint16_t> b) {
  const auto n = static_cast<double>(a.size());
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t p = 0; p < a.size(); ++p) {
    const double x = a[p], y = b[p];
    sum_a += x, sum_b += y, aa += x * x, bb += y * y, ab += x * y;
  }
  const double spread = (aa - sum_a * sum_a / n) * (bb - sum_b * sum_b / n);
  return spread > 0 ? (ab - sum_a * sum_b / n) / std::sqrt(spread) : 0;
}

bool is_near(const Rows& a, int64_t i, const Rows& b, int64_t k, int64_t most) {
  if (!differ_in_at_most(a.of(a.symbols, i), b.of(b.symbols, k), most)) return false;
  return a.levels.empty() || correlation(a.of(a.levels, i), b.of(b.levels, k)) >= NearDuplicates::kLeastCorrelation;
}

NearDuplicates::OfSplit look_in(const Rows& train, const std::vector<uint64_t>& train_keys, const Rows& rows,
                                const std::vector<uint16_t>& band, int64_t bands, const std::vector<char>& equal) {
  NearDuplicates::OfSplit found{.rows = rows.count()};
  const std::vector<uint64_t> keys = band_keys(rows, band, bands);
  std::vector<char> near(static_cast<size_t>(rows.count())), cut(near);
  for (int64_t b = 0; b < bands; ++b) {
    std::vector<std::pair<uint64_t, int64_t>> sorted;
    for (int64_t t = 0; t < train.count(); ++t) sorted.emplace_back(train_keys[static_cast<size_t>(t * bands + b)], t);
    std::sort(sorted.begin(), sorted.end());
    for (int64_t i = 0; i < rows.count(); ++i) {
      const auto at = static_cast<size_t>(i);
      if (near[at] || equal[static_cast<size_t>(rows.numbers[at])]) continue;
      const uint64_t key = keys[static_cast<size_t>(i * bands + b)];
      int64_t compared = 0;
      for (auto t = std::lower_bound(sorted.begin(), sorted.end(), std::pair(key, int64_t{0}));
           t != sorted.end() && t->first == key && !near[at]; ++t) {
        if (++compared > kMostCandidates) {
          cut[at] = 1;
          break;
        }
        near[at] = is_near(rows, i, train, t->second, bands - 1) ? 1 : 0;
      }
    }
  }
  for (size_t i = 0; i < near.size(); ++i) {
    found.near += near[i];
    found.cut += !near[i] && cut[i] ? 1 : 0;
  }
  return found;
}

}  // namespace

NearDuplicates near_duplicates(const Dataset& data, const std::array<std::vector<char>, 3>& equal_to_train) {
  NearDuplicates found;
  const DataSpec& spec = data.spec();
  const int64_t width = spec.positions();
  if (width < kShortest || spec.alphabet > kMostAlphabet) return found;
  found.most_differing = std::max<int64_t>(1, width / 100);
  found.black_and_white = spec.is_image() && spec.alphabet > 2;
  const int64_t bands = found.most_differing + 1;
  const std::vector<uint16_t> band = dealt_bands(width, bands);
  const Rows train = read_rows(data, Split::kTrain, found.black_and_white);
  found.train_rows = train.count();
  const std::vector<uint64_t> keys = band_keys(train, band, bands);
  for (const Split split : {Split::kValid, Split::kTest}) {
    (split == Split::kValid ? found.valid : found.test) =
        look_in(train, keys, read_rows(data, split, found.black_and_white), band, bands,
                equal_to_train[static_cast<size_t>(split)]);
  }
  return found;
}

}  // namespace mlrun
