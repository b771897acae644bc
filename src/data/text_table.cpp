#include "data/text_table.hpp"

#include <cmath>

#include "base/error.hpp"
#include "data/number_text.hpp"

namespace mlrun {
namespace {

void look_for_numbers_of_rows_and_columns(const NumberText& rows, int64_t count, const std::string& name,
                                          std::vector<std::string>& warnings) {
  if (rows.header_counts()) {
    warnings.push_back(fmt::format(
        "{}: line {} counts up from column to column: names of columns, as pandas writes them? It is taken as "
        "a row of symbols{}",
        name, rows.first_line(), filter_remedy("without it", name, fmt::format("sed {}d", rows.first_line()))));
  }
  if (rows.first_column_counts()) {
    const std::string cut = rows.separator() == ' '    ? "sed 's/^ *[^ ]* *//'"
                            : rows.separator() == '\t' ? std::string("cut -f2-")
                                                       : fmt::format("cut -d'{}' -f2-", rows.separator());
    const std::string column = rows.header().empty() || rows.header()[0].empty()
                                   ? "column 1"
                                   : fmt::format("column 1 ('{}')", rows.header()[0]);
    warnings.push_back(
        fmt::format("{}: {} counts the rows, {} .. {}: an index, as pandas writes it? It is taken as a "
                    "symbol{}",
                    name, column, rows.first_index(), rows.first_index() + static_cast<double>(count - 1),
                    filter_remedy("without it", name, cut)));
  }
}

}  // namespace

SymbolTable parse_text_table(std::string_view text, const std::string& name, int32_t largest,
                             std::vector<std::string>* warnings, const std::string& folder) {
  NumberText rows(text, name);
  const std::string expected = largest == 1 ? "0 or 1" : fmt::format("a whole number 0 .. {}", largest);
  std::vector<double> numbers;
  std::vector<uint16_t> symbols;
  SymbolTableBuilder builder(0);
  while (rows.next(numbers)) {
    symbols.resize(numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (!(numbers[i] >= 0 && numbers[i] <= largest && numbers[i] == std::floor(numbers[i]))) {
        fail(ExitCode::kData, "{}: found {}, expected {}", rows.where(i), rows.found(i), expected);
      }
      symbols[i] = static_cast<uint16_t>(numbers[i]);
    }
    if (builder.rows() == 0) builder = SymbolTableBuilder(static_cast<int64_t>(symbols.size()), folder);
    if (static_cast<int64_t>(symbols.size()) != builder.width()) {
      fail(ExitCode::kData, "{}:{}: found {} numbers, expected {}, as in line {}", name, rows.line(), symbols.size(),
           builder.width(), rows.first_line());
    }
    builder.append(std::span<const uint16_t>(symbols));
  }
  if (builder.rows() == 0) fail(ExitCode::kData, "{}: found no numbers, expected rows of 0 .. {}", name, largest);
  if (warnings) look_for_numbers_of_rows_and_columns(rows, builder.rows(), name, *warnings);
  return std::move(builder).finish();
}

}  // namespace mlrun
