#include "cli/terminal/text_table.hpp"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/number.hpp"
#include "base/printable.hpp"
#include "cli/terminal/terminal.hpp"

namespace mlrun::cli {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool looks_numeric(std::string_view cell) {
  // Mean and deviation: both sides must be numbers.
  for (const std::string_view sign : {"+-", "\u00b1"}) {
    const size_t at = cell.find(sign);
    if (at != std::string_view::npos && at > 0)
      return looks_numeric(cell.substr(0, at)) && looks_numeric(cell.substr(at + sign.size()));
  }
  std::string text;
  for (const char c : cell)
    if (c != ' ') text += c;
  if (text == "nan" || text == "inf" || text == "-inf") return true;
  if (text.empty() || text.find('_') != std::string::npos) return false;
  if (text.find(':') != std::string::npos)  // a duration
    return is_digit(text[0]) && std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == ':'; });
  for (const std::string_view unit : {"kB", "MB", "GB", "TB", "B", "%", "k", "M", "ms", "s", "x"}) {
    if (text.size() > unit.size() && text.ends_with(unit)) {
      text.erase(text.size() - unit.size());
      break;
    }
  }
  return parse_real(text).has_value();
}

std::string padded(const std::string& cell, int width, bool right) {
  const std::string blanks(static_cast<size_t>(std::max(0, width - display_width(cell))), ' ');
  return right ? blanks + cell : cell + blanks;
}

std::string markdown_cell(const std::string& cell) {
  std::string text;
  for (const char c : cell) {
    if (c == '|') text += '\\';
    text += c;
  }
  return text;
}

std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::string latex_cell(const std::string& cell) {
  std::string text;
  for (size_t i = 0; i < cell.size(); ++i) {
    const char c = cell[i];
    if (cell.compare(i, 2, "+-") == 0) {
      text += "$\\pm$";
      ++i;
    } else if (cell.compare(i, 2, "<=") == 0) {
      text += "$\\le$";
      ++i;
    } else if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) {
      text += std::string("\\") + c;
    } else if (c == '~') {
      text += "\\textasciitilde{}";
    } else if (c == '^') {
      text += "\\textasciicircum{}";
    } else if (c == '\\') {
      text += "\\textbackslash{}";
    } else if (c == '<' || c == '>') {
      text += std::string("$") + c + "$";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

int display_width(std::string_view utf8) {
  return static_cast<int>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // not a continuation byte
  }));
}

void TextTable::add(std::vector<std::string> cells) {
  require(cells.size() == headings_.size(), "a table of {} columns was given a row of {} cells", headings_.size(),
          cells.size());
  for (std::string& cell : cells) {
    std::replace(cell.begin(), cell.end(), '\n', ' ');
    cell = printable(cell);
  }
  rows_.push_back(std::move(cells));
}

std::vector<bool> TextTable::right_aligned() const {
  std::vector<bool> right(headings_.size());
  for (size_t column = 0; column < headings_.size(); ++column) {
    bool any = false, all = true;
    for (const std::vector<std::string>& row : rows_) {
      if (row[column].empty() || row[column] == "-") continue;
      any = true;
      all = all && looks_numeric(row[column]);
    }
    right[column] = any && all;
  }
  return right;
}

std::vector<int> TextTable::widths() const {
  std::vector<int> width;
  for (const std::string& heading : headings_) width.push_back(display_width(heading));
  for (const std::vector<std::string>& row : rows_)
    for (size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], display_width(row[i]));
  return width;
}

std::string TextTable::fitted(int width, const std::vector<std::string>& least_first,
                              std::vector<std::string>& left_out) const {
  TextTable table = *this;
  for (const std::string& heading : least_first) {
    const std::vector<int> widths = table.widths();
    if (std::accumulate(widths.begin(), widths.end(), 2 * static_cast<int>(widths.size()) - 2) <= width) break;
    const auto found = std::find(table.headings_.begin(), table.headings_.end(), heading);
    if (found == table.headings_.end()) continue;
    const std::ptrdiff_t column = found - table.headings_.begin();
    table.headings_.erase(found);
    for (std::vector<std::string>& row : table.rows_) row.erase(row.begin() + column);
    left_out.push_back(heading);
  }
  return table.plain();
}

std::vector<std::string> print_fitting(const TextTable& table, const std::vector<std::string>& least_first) {
  std::vector<std::string> left_out;
  if (!is_terminal(STDOUT_FILENO)) {
    fmt::print("{}", table.plain());
    return left_out;
  }
  fmt::print("{}", table.fitted(terminal_width(STDOUT_FILENO), least_first, left_out));
  if (!left_out.empty()) log::info("no room for   {}", fmt::join(left_out, ", "));
  return left_out;
}

std::string TextTable::plain() const {
  const std::vector<bool> right = right_aligned();
  const std::vector<int> width = widths();
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (size_t i = 0; i < cells.size(); ++i) out += (i > 0 ? "  " : "") + padded(cells[i], width[i], right[i]);
    out.erase(out.find_last_not_of(' ') + 1);
    text += out + '\n';
  };
  line(headings_);
  for (const std::vector<std::string>& row : rows_) line(row);
  return text;
}

std::string TextTable::markdown() const {
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    text += '|';
    for (const std::string& cell : cells) text += ' ' + markdown_cell(cell) + " |";
    text += '\n';
  };
  line(headings_);
  text += '|';
  for (const bool right : right_aligned()) text += right ? " ---: |" : " --- |";
  text += '\n';
  for (const std::vector<std::string>& row : rows_) line(row);
  return text;
}

std::string TextTable::csv() const {
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) text += (i ? "," : "") + csv_cell(cells[i]);
    text += '\n';
  };
  line(headings_);
  for (const std::vector<std::string>& row : rows_) line(row);
  return text;
}

std::string TextTable::latex() const {
  std::string text = "\\begin{tabular}{";
  for (const bool right : right_aligned()) text += right ? 'r' : 'l';
  text += "}\n\\toprule\n";
  const auto line = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) text += (i ? " & " : "") + latex_cell(cells[i]);
    text += " \\\\\n";
  };
  line(headings_);
  text += "\\midrule\n";
  for (const std::vector<std::string>& row : rows_) line(row);
  return text + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace mlrun::cli
