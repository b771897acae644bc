#include <algorithm>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "data/symbol_table.hpp"
#include "temporary_directory.hpp"

namespace mlrun {
namespace {

SymbolTable make(const std::vector<std::vector<int32_t>>& rows) {
  SymbolTableBuilder builder(static_cast<int64_t>(rows[0].size()));
  for (const auto& row : rows) builder.append(std::span<const int32_t>(row));
  return std::move(builder).finish();
}

std::vector<std::vector<int32_t>> rows_of(const SymbolTable& table) {
  std::vector<std::vector<int32_t>> rows;
  for (int64_t i = 0; i < table.rows(); ++i) {
    rows.emplace_back(static_cast<size_t>(table.width()), -1);
    table.unpack(i, rows.back().data());
  }
  return rows;
}

TEST_CASE("A symbol table gives back what was put in and takes no more room than the largest symbol needs") {
  for (const int width : {1, 7, 8, 9, 64, 100}) {
    for (const int32_t largest : {1, 2, 255, 256, 65535}) {
      std::vector<std::vector<int32_t>> rows(5, std::vector<int32_t>(static_cast<size_t>(width)));
      uint32_t x = 1;
      for (auto& row : rows) {
        for (auto& symbol : row) symbol = static_cast<int32_t>((x = x * 1664525 + 1013904223) >> 8) % (largest + 1);
      }
      rows[3][0] = largest;  // comes late, so that earlier rows are widened
      const SymbolTable table = make(rows);
      CHECK(rows_of(table) == rows);
      CHECK(table.bits() == (largest == 1 ? 1 : largest <= 255 ? 8 : 16));
      CHECK(table.bytes().size() == static_cast<size_t>(5 * ((width * table.bits() + 7) / 8)));
    }
  }
}

TEST_CASE("The head of a symbol table shares its memory and outlives it") {
  SymbolTable head;
  {
    const SymbolTable table = make({{0, 1, 0}, {1, 1, 1}, {0, 0, 1}});
    head = table.head(2);
    CHECK(head.bytes().data() == table.bytes().data());
  }
  CHECK(rows_of(head) == std::vector<std::vector<int32_t>>{{0, 1, 0}, {1, 1, 1}});
}

TEST_CASE("A symbol table refuses rows of another width, symbols beyond 16 bits and rows it does not have") {
  SymbolTableBuilder builder(2);
  CHECK_THROWS_AS(builder.append(std::vector<int32_t>{1}), Error);
  CHECK_THROWS_AS(builder.append(std::vector<int32_t>{1, 65536}), Error);
  CHECK_THROWS_AS(builder.append(std::vector<int32_t>{1, -1}), Error);
  CHECK(builder.rows() == 0);
  const SymbolTable table = make({{0, 1}});
  int32_t out[2];
  CHECK_THROWS_AS(table.unpack(1, out), Error);
  CHECK_THROWS_AS(table.unpack(-1, out), Error);
  CHECK_THROWS_AS(table.head(2), Error);
}

TEST_CASE("A table with a folder is the one in memory, and leaves no file there") {
  const test::TemporaryDirectory folder;
  constexpr int64_t kWidth = 4096, kRows = 70'000;  // 286 MB of bytes, 36 MB of bits
  SymbolTableBuilder builder(kWidth, folder.path());
  std::vector<uint8_t> row(kWidth);
  const auto fill = [&](int64_t r) {
    for (int64_t i = 0; i < kWidth; ++i)
      row[static_cast<size_t>(i)] = static_cast<uint8_t>((r * 31 + i * (r % 7 + 1)) % (r < kRows / 2 ? 2 : 251));
  };
  for (int64_t r = 0; r < kRows; ++r) {
    fill(r);
    builder.append(std::span<const uint8_t>(row));
  }
  const SymbolTable table = std::move(builder).finish();
  CHECK(std::filesystem::is_empty(folder.path()));
  std::vector<int32_t> found(kWidth);
  bool equal = table.rows() == kRows && table.bits() == 8;
  for (int64_t r = 0; equal && r < kRows; r += 331) {
    if (r % 5 == 0) table.pass_over(table.bytes().size());  // what was passed over is still there
    fill(r);
    table.unpack(r, found.data());
    equal = std::equal(found.begin(), found.end(), row.begin());
  }
  CHECK(equal);
}

}  // namespace
}  // namespace mlrun
