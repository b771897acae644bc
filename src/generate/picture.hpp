// Samples as something to look at or to keep: a sheet of images, an HDF5 file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/vocabulary.hpp"
#include "io/image.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

// Symbols s32 [count, positions] of image data as pictures: symbol 0 black, the last symbol white.
std::vector<io::Image> images_of(const Tensor& symbols, const DataSpec& data);
// One row of 2 + k pictures for each of n originals: itself, what was known of it (grey where not; known [pixels]), and
// its k of n * k completions.
std::vector<io::Image> completion_rows(const std::vector<io::Image>& originals, const std::vector<uint8_t>& known,
                                       const std::vector<io::Image>& completions);
int64_t columns_of_sheet(int64_t count, int64_t columns);  // `columns`, or about square where that is 0
// Error(kUsage) where the sheet of `count` pictures of width x height pixels would have more than 2^28 of them.
void require_sheet(int64_t count, int64_t columns, int64_t width, int64_t height, int64_t scale);
// All of them on one sheet, `columns` to a row (0: about square), each pixel `scale` pixels wide.
io::Image sheet_of(const std::vector<io::Image>& images, int columns, int scale);
// The picture of a sheet of one, such as sheet_of() makes it at any scale, in `width` x `height` pixels; nullopt where the
// sheet has another size.
std::optional<io::Image> picture_of_sheet(const io::Image& sheet, int width, int height);
// One row of symbols per line, separated by blanks.
std::string text_of(const Tensor& symbols);
// Rows of a text as that text, each ended by a newline; a line of dashes between two of them. `lengths`: how much of
// each row counts, where that is not all.
std::string text_of(const Tensor& symbols, const Vocabulary& vocabulary, const std::vector<int64_t>& lengths = {});

}  // namespace mlrun
