// The name of a file of rows of numbers, in any of the formats that the table kind reads.
#pragma once

#include <string>

#include "data/dataset.hpp"
#include "data/source_file.hpp"

namespace mlrun {

struct TableSource {
  enum class Format { kText, kNpy, kHdf5 };
  Format format = Format::kText;
  std::string file;     // without the dataset's path
  std::string dataset;  // inside an .h5 file
};

// From "train.amat.gz", "data.npy", "file.h5:/group/rows". What was expected, or "" when it is well formed.
std::string check_table_source(const std::string& text);
TableSource parse_table_source(const std::string& text);  // after the check
// The same with the file found, below the data root where the path is relative. Error(kData) naming `place` where it is
// missing.
TableSource found_table(const std::string& text, const SpecPlace& place, const DataSources& sources);

}  // namespace mlrun
