// Labels as files give them: a value for each row, words or numbers, and the classes that these are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/table_source.hpp"

namespace mlrun {

class LabelValues {
 public:
  // The value of the next row; 1.0 and 1 are one value. Error(kData) with `where` for an empty one, and for the 257th
  // different one.
  void add(std::string_view value, const std::string& where);
  int64_t rows() const { return static_cast<int64_t>(of_row_.size()); }
  // The different ones in their order: numbers by size, else words by their letters.
  std::vector<std::string> classes() const;
  // The number of each row's value among `classes`. Error(kData) naming `file` for a value that is not there.
  std::vector<uint8_t> numbered(const std::vector<std::string>& classes, const std::string& file) const;

 private:
  std::vector<std::string> distinct_;  // as they came
  std::vector<uint8_t> of_row_;        // index of `distinct_`
};

// Whether these are 0, 1 ... k - 1, so that their names say no more than their numbers.
bool are_plain_numbers(const std::vector<std::string>& classes);
// ", 3 classes (0 cat, 1 dog, 2 eel)", the first twelve; of plain numbers ", 3 classes".
std::string class_words(const std::vector<std::string>& names, int64_t classes);

// A file with one label for each of `rows` rows: text with a value a line, or an array of whole numbers, [rows] or
// [rows, 1]. Error(kData) for another number of them.
LabelValues read_labels(const TableSource& source, int64_t rows, const std::string& folder);

}  // namespace mlrun
