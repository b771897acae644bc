#include "data/binarization.hpp"

#include <algorithm>
#include <vector>

namespace mlrun {
namespace {

template <class Rule>
SymbolTable mapped(const SymbolTable& grey, const Rule& rule) {
  SymbolTableBuilder builder(grey.width());
  std::vector<int32_t> row(static_cast<size_t>(grey.width()));
  for (int64_t i = 0; i < grey.rows(); ++i) {
    grey.unpack(i, row.data());
    rule(i, std::span(row));
    builder.append(std::span<const int32_t>(row));
  }
  return std::move(builder).finish();
}

}  // namespace

const char* name_of(Binarization binarization) {
  switch (binarization) {
    case Binarization::kStatic:
      return "static";
    case Binarization::kDynamic:
      return "dynamic";
    case Binarization::kThreshold:
      return "threshold";
    case Binarization::kNone:
      return "none";
  }
  return "?";
}

Binarization read_binarization(config::Reader& spec) {
  return spec.one_of<Binarization>("binarization",
                                   {{"static", Binarization::kStatic},
                                    {"dynamic", Binarization::kDynamic},
                                    {"threshold", Binarization::kThreshold},
                                    {"none", Binarization::kNone}},
                                   {.help = "static: drawn once, for everybody; dynamic: redrawn every epoch from "
                                            "Bernoulli(grey); threshold: grey >= 128; none: 256 grey levels",
                                    .fallback = "static"});
}

// One Philox block keys the row and SplitMix64 (Steele et al. 2014) numbers its pixels, two to a word: a Philox block
// for every four pixels cost a tenth of a training step of a small model.
void draw_bits(const RandomStream& stream, int64_t row, std::span<int32_t> symbols) {
  const auto block = stream.block(static_cast<uint64_t>(row));
  const uint64_t key = static_cast<uint64_t>(block[1]) << 32 | block[0];
  const auto word = [&](size_t index) {
    uint64_t z = key + (index + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
  };
  // u / 2^32 < grey / 255
  const auto bit = [](uint64_t u, int32_t grey) {
    return static_cast<int32_t>(u * 255 < static_cast<uint64_t>(grey) << 32);
  };
  const size_t pairs = symbols.size() / 2;
  for (size_t i = 0; i < pairs; ++i) {
    int32_t &a = symbols[2 * i], &b = symbols[2 * i + 1];
    if (a == 0 && b == 0) continue;
    const uint64_t u = word(i);
    a = bit(u & 0xffffffff, a);
    b = bit(u >> 32, b);
  }
  if (symbols.size() % 2) symbols.back() = bit(word(pairs) & 0xffffffff, symbols.back());
}

SymbolTable drawn(const SymbolTable& grey, const RandomStream& stream) {
  return mapped(grey, [&](int64_t row, std::span<int32_t> symbols) { draw_bits(stream, row, symbols); });
}

DataContent drawn(const DataContent& grey, const RandomStream& stream) {
  DataContent binary = grey;
  binary.spec.alphabet = 2;
  for (size_t i = 0; i < 3; ++i) binary.parts[i].symbols = drawn(grey.parts[i].symbols, stream.at(i));
  return binary;
}

DataContent thresholded(const DataContent& grey) {
  DataContent binary = grey;
  binary.spec.alphabet = 2;
  for (auto& part : binary.parts) {
    part.symbols = mapped(part.symbols, [](int64_t, std::span<int32_t> symbols) {
      for (int32_t& symbol : symbols) symbol = symbol >= kThresholdGrey;
    });
  }
  return binary;
}

}  // namespace mlrun
