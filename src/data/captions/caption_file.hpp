// Captions of pictures in a CSV file: a line for each picture, its file and what it shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mlrun {

// As RFC 4180 has it, without newlines in a field: `a.png,"a cat, asleep"`, a quote doubled inside quotes; a first line
// file,caption is passed over, and so are empty lines. Files are names below the folder of the CSV file: "cat/a.png".
// The captions of `files`, in their order. Error(kData) naming file, line, what was found and what was expected: a
// missing file, text that is not UTF-8, a line that is not two fields, an empty caption, a picture that is named twice or
// is not there, one that has no caption.
std::vector<std::string> read_captions(const std::string& path, const std::vector<std::string>& files);

}  // namespace mlrun
