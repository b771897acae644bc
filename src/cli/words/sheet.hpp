// Sheets of pictures, as `sample` writes and shows them: size, captions, ink.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "figure/sheet.hpp"
#include "io/image.hpp"

namespace mlrun::cli {

struct SheetWords {
  int64_t scale = 4;
  bool captions = false, transparent = false;
  std::string ink;  // as typed; "": none
};

void add_sheet_options(Command& command, SheetWords& words);  // --scale, --captions, --ink, --transparent

// To a PNG file, `columns` to a row (0: about square). Captions are written where the words ask for them.
void write_sheet(const std::string& file, const std::vector<io::Image>& images, int columns,
                 const figure::SheetCaptions& captions, const SheetWords& words);
// To the terminal; above each row what it is called, and what its pictures are, where somebody says so.
void show_sheet(const std::vector<io::Image>& images, int columns, const figure::SheetCaptions& captions,
                const Globals& globals);

}  // namespace mlrun::cli
