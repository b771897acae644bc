#include "commands/describe_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>
#include <unordered_set>

#include "data/shown_rows.hpp"
#include "io/sha256.hpp"

namespace mlrun {
namespace {

constexpr int64_t kRowsAtOnce = 512, kSymbolsShown = 60;

// A row in at most 32 bytes, which two rows share only if they are equal (or their SHA-256 is).
std::string row_key(const int32_t* symbols, int64_t width, int64_t alphabet) {
  if (width * (alphabet == 2 ? 1 : 8) > int64_t{8} * 32) {
    const auto digest = io::sha256(std::as_bytes(std::span(symbols, static_cast<size_t>(width))));
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
  }
  std::string key;
  if (alphabet == 2) {
    key.assign(static_cast<size_t>((width + 7) / 8), '\0');
    for (int64_t i = 0; i < width; ++i)
      if (symbols[i])
        key[static_cast<size_t>(i / 8)] = static_cast<char>(key[static_cast<size_t>(i / 8)] | 1 << (i % 8));
    return key;
  }
  for (int64_t i = 0; i < width; ++i) {
    key += static_cast<char>(symbols[i] & 0xff);
    if (alphabet > 256) key += static_cast<char>(symbols[i] >> 8 & 0xff);
  }
  return key;
}

std::string row_text(const int32_t* symbols, int64_t width, const Vocabulary* vocabulary) {
  const int64_t shown = std::min(width, kSymbolsShown);
  if (vocabulary) {
    std::string text = vocabulary->text(std::span(symbols, static_cast<size_t>(shown)));
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return text + (shown < width ? "..." : "");
  }
  std::string text;
  for (int64_t i = 0; i < shown; ++i) text += fmt::format("{}{}", i ? " " : "", symbols[i]);
  return text + (shown < width ? " ..." : "");
}

}  // namespace

DataDescription describe_data(const Dataset& data, int64_t most) {
  const bool of_text = data.vocabulary() != nullptr;
  DataDescription d{
      data.description(), data.protocol(), data.hash(), data.spec(), data.names(), of_text, {}, {}, {}, {}};
  const int64_t width = d.spec.positions();
  std::unordered_set<std::string> train;
  std::array<std::vector<char>, 3> equal_to_train;
  for (size_t s = 0; s < 3; ++s) {
    const auto split = static_cast<Split>(s);
    SplitDescription& out = d.splits[s];
    out.rows = data.count(split);
    if (d.spec.classes > 0) out.of_class.resize(static_cast<size_t>(d.spec.classes));
    std::unordered_set<std::string> here;
    double sum = 0;
    for (int64_t begin = 0; begin < out.rows; begin += kRowsAtOnce) {
      std::vector<int64_t> rows(static_cast<size_t>(std::min(kRowsAtOnce, out.rows - begin)));
      std::iota(rows.begin(), rows.end(), begin);
      const Batch batch = data.batch(split, rows, 0);
      const int32_t* symbols = batch.symbols.data<int32_t>();
      for (size_t i = 0; i < rows.size(); ++i, symbols += width) {
        sum += std::accumulate(symbols, symbols + width, 0.0);
        if (batch.labels.defined()) ++out.of_class[static_cast<size_t>(batch.labels.data<int32_t>()[i])];
        std::string key = row_key(symbols, width, d.spec.alphabet);
        equal_to_train[s].push_back(s > 0 && train.contains(key) ? 1 : 0);
        out.of_train += equal_to_train[s].back();
        out.repeated += (s == 0 ? train : here).insert(std::move(key)).second ? 0 : 1;
      }
    }
    const double all = static_cast<double>(out.rows) * static_cast<double>(width) *
                       static_cast<double>(std::max<int64_t>(1, d.spec.alphabet - 1));
    out.mean = all > 0 ? sum / all : 0;
  }
  d.near = near_duplicates(data, equal_to_train);
  const std::vector<int64_t> shown = shown_rows(data, Split::kTrain, most);
  const Batch batch = data.batch(Split::kTrain, shown, 0);
  for (size_t i = 0; i < shown.size(); ++i) {
    const int32_t* symbols = batch.symbols.data<int32_t>() + i * static_cast<size_t>(width);
    if (data.has_pictures()) d.pictures.push_back(data.render({symbols, static_cast<size_t>(width)}));
    if (const CaptionStream* stream = data.caption_stream())
      d.rows.push_back(stream->read({symbols, static_cast<size_t>(width)}).caption);
    else if (!data.has_pictures()) d.rows.push_back(row_text(symbols, width, data.vocabulary()));
  }
  return d;
}

}  // namespace mlrun
