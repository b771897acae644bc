#include "base/error.hpp"
#include "catch.hpp"
#include "data/symbol_table.hpp"

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

}  // namespace
}  // namespace mlrun
