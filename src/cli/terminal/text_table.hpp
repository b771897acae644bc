// Columns that line up, for the answers of eval, ls, compare and profile.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mlrun::cli {

int display_width(std::string_view utf8);  // characters, not bytes (no wide or combining ones)

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  // One cell per heading. Newlines in a cell become blanks; other control characters are escaped (printable).
  void add(std::vector<std::string> cells);
  size_t rows() const { return rows_.size(); }

  // Columns two blanks apart, no trailing blanks, every line ends in a newline. A column is right-aligned when all its
  // cells look like numbers: 12, -3.5, 1e-3, 785 284, 41.8k, 7%, 0:56, 3.1 MB, "84.2 +- 0.3"; empty and "-" go along.
  std::string plain() const;
  // The same in lines of at most `width`, if need be without some columns: those with these headings, the first of them
  // first. What went is added to `left_out`. Other columns of text may take half of a line at most, and less where all
  // of that does not make room enough: their cells are elided (wrapped.hpp), and the last one's sentences broken into
  // lines. Wider only where numbers do not fit.
  std::string fitted(int width, const std::vector<std::string>& least_first, std::vector<std::string>& left_out) const;
  // The same as a GitHub table, with the alignment in the second line.
  std::string markdown() const;
  // RFC 4180: cells with commas, quotes or line ends in quotes. "84.2 +- 0.3" stays one cell.
  std::string csv() const;
  // A tabular with the rules of the package booktabs; +- becomes $\pm$, and what TeX would read as a command is
  // escaped.
  std::string latex() const;

 private:
  std::vector<bool> right_aligned() const;
  std::vector<int> widths() const;
  int total_width() const;
  void limit(size_t column, int width);     // elides its cells
  void shorten(int width, size_t columns);  // elides the widest of the first so many until all fits
  void break_last(int width);               // into lines

  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

// To stdout: all of it, and on a terminal what fits, with a word on stderr about the columns that do not; these.
std::vector<std::string> print_fitting(const TextTable& table, const std::vector<std::string>& least_first = {});

}  // namespace mlrun::cli
