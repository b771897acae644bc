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

void draw_bits(const RandomStream& stream, int64_t row, std::span<int32_t> symbols) {
  const size_t blocks = (symbols.size() + 3) / 4;
  for (size_t block = 0; block < blocks; ++block) {
    const auto four = symbols.subspan(4 * block, std::min<size_t>(4, symbols.size() - 4 * block));
    bool uncertain = false;
    for (const int32_t grey : four) uncertain |= grey != 0 && grey != 255;
    if (!uncertain) {
      for (int32_t& symbol : four) symbol &= 1;
      continue;
    }
    const auto words = stream.block(static_cast<uint64_t>(row) * blocks + block);
    for (size_t i = 0; i < four.size(); ++i) {  // u / 2^32 < grey / 255
      four[i] = uint64_t{words[i]} * 255 < static_cast<uint64_t>(four[i]) << 32;
    }
  }
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
