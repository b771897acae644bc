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
#include "cli/terminal/wrapped.hpp"

namespace mlrun::cli {
namespace {

constexpr int kLeastText = 12;      // characters that a cell of text keeps
constexpr int kLeastSentence = 24;  // and a line of sentences

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

int TextTable::total_width() const {
  const std::vector<int> all = widths();
  return std::accumulate(all.begin(), all.end(), 2 * static_cast<int>(all.size()) - 2);
}

void TextTable::limit(size_t column, int width) {
  headings_[column] = elided(headings_[column], width);
  for (std::vector<std::string>& row : rows_) row[column] = elided(row[column], width);
}

void TextTable::shorten(int width, size_t columns) {
  const std::vector<bool> numbers = right_aligned();
  for (int excess = total_width() - width; excess > 0; excess = total_width() - width) {
    const std::vector<int> all = widths();
    size_t widest = all.size();
    for (size_t i = 0; i < columns; ++i)
      if (!numbers[i] && all[i] > kLeastText && (widest == all.size() || all[i] > all[widest])) widest = i;
    if (widest == all.size()) return;
    limit(widest, std::max(kLeastText, all[widest] - excess));
  }
}

void TextTable::break_last(int width) {
  std::vector<std::vector<std::string>> broken;
  for (std::vector<std::string>& row : rows_) {
    std::string lines = wrapped(row.back(), width, 0, 0);
    for (size_t line = 0;; ++line) {
      const size_t end = lines.find('\n');
      std::vector<std::string> cells = line == 0 ? row : std::vector<std::string>(row.size());
      cells.back() = lines.substr(0, end);
      broken.push_back(std::move(cells));
      if (end == std::string::npos) break;
      lines.erase(0, end + 1);
    }
  }
  rows_ = std::move(broken);
}

std::string TextTable::fitted(int width, const std::vector<std::string>& least_first,
                              std::vector<std::string>& left_out) const {
  TextTable table = *this;
  if (total_width() <= width) return plain();
  const bool sentences = !right_aligned().back() && std::any_of(rows_.begin(), rows_.end(), [](const auto& row) {
    return row.back().find(' ') != std::string::npos;
  });
  const auto is_one_of_least = [&](const std::string& heading) {
    return std::find(least_first.begin(), least_first.end(), heading) != least_first.end();
  };
  const bool breakable = sentences && !is_one_of_least(headings_.back()) && headings_.size() > 1;
  const auto fits = [&] {  // perhaps once its sentences are broken into lines
    const int last = table.widths().back();
    return table.total_width() - (breakable ? last - std::min(last, kLeastSentence) : 0) <= width;
  };
  const std::vector<bool> numbers = right_aligned();
  for (size_t i = 0; i + (sentences ? 1 : 0) < headings_.size(); ++i)
    if (!numbers[i] && !is_one_of_least(headings_[i])) table.limit(i, std::max(kLeastText, width / 2));
  for (const std::string& heading : least_first) {
    if (fits()) break;
    const auto found = std::find(table.headings_.begin(), table.headings_.end(), heading);
    if (found == table.headings_.end()) continue;
    const std::ptrdiff_t column = found - table.headings_.begin();
    table.headings_.erase(found);
    for (std::vector<std::string>& row : table.rows_) row.erase(row.begin() + column);
    left_out.push_back(heading);
  }
  if (breakable && table.total_width() > width) {
    TextTable others = table;
    others.headings_.pop_back();
    for (std::vector<std::string>& row : others.rows_) row.pop_back();
    others.shorten(width - kLeastSentence - 2, others.headings_.size());
    table.break_last(std::max(kLeastSentence, width - others.total_width() - 2));
    table.shorten(width, others.headings_.size());
  } else {
    table.shorten(width, table.headings_.size());
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
  if (!left_out.empty()) {
    const std::string words = fmt::format("no room for   {}", fmt::join(left_out, ", "));
    log::info("{}", is_terminal(STDERR_FILENO) ? wrapped(words, terminal_width(STDERR_FILENO), 2, 0) : words);
  }
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
