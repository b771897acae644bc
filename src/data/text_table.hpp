// Rows of small whole numbers in a text file: .amat, .csv.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/symbol_table.hpp"

namespace mlrun {

// One row a line, all of one width. The first line decides what stands between numbers: a semicolon, else a comma, else
// a tab, else one or more spaces. Numbers are whole, 0 .. largest; 1.0 and 1.000e+00 (as numpy.savetxt writes) are
// whole too. A header, an empty line that is not at the end, a ragged row, a number out of range: Error(kData) naming
// `name`, line, column, what was found and what was expected.
SymbolTable parse_text_table(std::string_view text, const std::string& name, int32_t largest = 65535);

}  // namespace mlrun
