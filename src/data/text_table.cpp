#include "data/text_table.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <span>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "base/shell_word.hpp"
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

// " (column 'age')", where columns have names.
std::string column_words(const NumberText& rows, size_t i) {
  return i < rows.header().size() ? fmt::format(" (column '{}')", rows.header()[i]) : "";
}

// Words where a number should be may be meant as classes.
std::string labels_remedy(const NumberText& rows, size_t i, const RowReading& reading) {
  const std::string found(rows.field(i));
  const bool word = !found.empty() && std::isalpha(static_cast<unsigned char>(found[0])) != 0;
  if (!word || !reading.label_column.empty() || reading.largest < 65535) return "";
  const std::string column = i < rows.header().size() ? rows.header()[i] : std::to_string(i + 1);
  return fmt::format("\n  if it is the class of each row   {}", shell_word("data.labels=" + column));
}

}  // namespace

size_t label_column_index(const std::string& column, const std::vector<std::string>& header, size_t columns,
                          const std::string& file) {
  if (const auto found = find_column(column, header, columns)) return *found;
  const auto nearest = nearest_name(column, header);
  std::string names;
  constexpr size_t kNamed = 12;
  for (size_t i = 0; i < std::min(header.size(), kNamed); ++i) names += header[i] + ", ";
  if (header.size() > kNamed) names += "..., ";
  fail(ExitCode::kUsage, "data.labels: {} has no column '{}'{}\n  expected   {}{}1 to {}, or a file of labels", file,
       column, nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", names, names.empty() ? "" : "or a number ",
       columns);
}

TableRows parse_text_rows(std::string_view text, const std::string& name, const RowReading& reading) {
  NumberText rows(text, name);
  const int32_t largest = reading.largest;
  const std::string expected = largest == 1 ? "0 or 1" : fmt::format("a whole number 0 .. {}", largest);
  std::vector<double> numbers;
  std::vector<uint16_t> symbols;
  TableRows out;
  SymbolTableBuilder builder(0);
  std::optional<size_t> label;
  size_t width = 0;  // of a line
  while (rows.next(numbers)) {
    if (width == 0) {
      width = numbers.size();
      if (!reading.label_column.empty()) label = label_column_index(reading.label_column, rows.header(), width, name);
      if (label && width == 1)
        fail(ExitCode::kData, "{}: found one column, and data.labels takes it: no symbols are left", name);
    }
    symbols.clear();
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (label && i == *label) {
        out.labels.add(rows.field(i), rows.where(i));
        continue;
      }
      if (!(numbers[i] >= 0 && numbers[i] <= largest && numbers[i] == std::floor(numbers[i]))) {
        fail(ExitCode::kData, "{}: found {}, expected {}{}{}", rows.where(i), rows.found(i), expected,
             column_words(rows, i), labels_remedy(rows, i, reading));
      }
      symbols.push_back(static_cast<uint16_t>(numbers[i]));
    }
    if (numbers.size() != width) {
      fail(ExitCode::kData, "{}:{}: found {} numbers, expected {}, as in line {}", name, rows.line(), numbers.size(),
           width, rows.first_line());
    }
    if (builder.rows() == 0) builder = SymbolTableBuilder(static_cast<int64_t>(symbols.size()), reading.folder);
    builder.append(std::span<const uint16_t>(symbols));
  }
  if (builder.rows() == 0) fail(ExitCode::kData, "{}: found no numbers, expected rows of 0 .. {}", name, largest);
  if (reading.warnings && label != size_t{0})
    look_for_numbers_of_rows_and_columns(rows, builder.rows(), name, *reading.warnings);
  out.symbols = std::move(builder).finish();
  return out;
}

SymbolTable parse_text_table(std::string_view text, const std::string& name, int32_t largest) {
  return parse_text_rows(text, name, {.largest = largest}).symbols;
}

}  // namespace mlrun
