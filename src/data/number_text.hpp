// Rows of numbers in a text, as people, spreadsheets and programs write them: the one reader of text numbers.
//
// Numbers stand between semicolons, tabs, commas or blanks; the first row decides which. Blank lines and lines that
// begin with # are passed over, and so is a byte order mark. Numbers may be in double quotes, and where no commas stand
// between them they may have a decimal comma. UTF-16 is refused with the remedy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace mlrun {

// The text behind its UTF-8 byte order mark, if it has one. UTF-16: an error naming `name`, with the command that writes
// it anew.
std::string_view unmarked_text(std::string_view text, const std::string& name, ExitCode code = ExitCode::kData);

// A further line of a message: "\n  WORDS   FILTER x.csv > x-rows.csv". `filter` is a shell command that takes a file
// or standard input; a file whose name ends in .gz is unpacked for it.
std::string filter_remedy(const std::string& words, const std::string& file, const std::string& filter);

// The index of a column that is called by its name in the first row, or by its number from 1; nothing: there is none.
std::optional<size_t> find_column(const std::string& column, const std::vector<std::string>& header, size_t columns);

class NumberText {
 public:
  // `text` stays as long as this. `name` is the file's path, for messages.
  NumberText(std::string_view text, std::string name);

  // Names of columns, from a first row that is no row of numbers: one without any number, or one that begins with none
  // and goes on with numbers that count up (pandas names columns so), above a row that begins with a number.
  const std::vector<std::string>& header() const { return header_; }
  char separator() const { return separator_; }  // ' ' stands for any number of blanks and tabs

  bool next(std::vector<double>& row);  // false behind the last; a field that is no number is NaN
  // Of the row that next() gave last:
  int64_t line() const { return line_; }       // from 1
  std::string where(size_t field) const;       // "x.csv:2:3": file, line and column of the line, from 1
  std::string_view field(size_t field) const;  // its characters, without quotes and blanks around it
  bool at_end(size_t field) const;             // is it empty because the text ends there
  std::string found(size_t field) const;       // "'7O'", "nothing", "the end", made fit to print

  // What may be a mistake; of the column, once all rows were given.
  bool header_counts() const { return header_counts_; }                // the first row is 5, 6, 7: numbers of columns
  int64_t first_line() const { return first_line_; }                   // where the first row stood
  bool first_column_counts() const { return rows_ > 2 && counting_; }  // it is 0, 1, 2 ... or 1, 2, 3 ...: an index
  double first_index() const { return first_; }

 private:
  struct Field {
    const char *begin, *end;
    std::string_view text() const { return {begin, static_cast<size_t>(end - begin)}; }
  };
  bool take_line();
  std::vector<Field> fields_of(std::string_view line, char separator) const;
  Field take_field(const char*& at, const char* end, char separator) const;
  static double value(std::string_view text, char separator);
  void decide();
  char separator_of(std::string_view first) const;
  bool is_header(const std::vector<Field>& first, const std::vector<Field>& second) const;

  std::string name_;
  const char *at_, *end_;
  std::string_view current_;  // the line, without its end
  int64_t line_ = 0, first_line_ = 0, rows_ = 0;
  char separator_ = ' ';
  std::vector<std::string> header_;
  bool header_counts_ = false, counting_ = true;
  double first_ = 0;
};

}  // namespace mlrun
