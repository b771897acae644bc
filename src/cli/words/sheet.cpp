#include "cli/words/sheet.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/error.hpp"
#include "cli/terminal/braille.hpp"
#include "cli/terminal/terminal.hpp"
#include "generate/picture.hpp"
#include "io/bytes.hpp"
#include "io/file.hpp"
#include "io/png.hpp"

namespace mlrun::cli {
namespace {

std::string wrong_colour(const std::string& text) {
  if (figure::colour_named(text)) return "";
  return fmt::format("a colour such as #1f77b4, or one of {}", figure::colour_names());
}

}  // namespace

void add_sheet_options(Command& command, SheetWords& words) {
  command.add_option("--scale", words.scale, "size of a pixel in the PNG")
      ->between(int64_t{1}, int64_t{64})
      ->type_name("N");
  command.add_flag("--captions", words.captions, "write beside the pictures of the PNG what they are");
  command
      .add_option("--ink", words.ink,
                  "in the PNG, what is white in this colour on white paper: #1f77b4, or one of " +
                      std::string(figure::colour_names()))
      ->check(wrong_colour)
      ->type_name("COLOUR")
      ->takes({{}, {"black", "white", "grey", "blue", "red", "green", "orange"}});
  command.add_flag("--transparent", words.transparent, "the same in --ink (black), on a ground that shows through");
}

void write_sheet(const std::string& file, const std::vector<io::Image>& images, int columns,
                 const figure::SheetCaptions& captions, const SheetWords& words) {
  const auto scale = static_cast<int>(words.scale);
  const bool with_captions = words.captions && !captions.empty();
  if (!with_captions && words.ink.empty() && !words.transparent)
    return io::write_png(file, sheet_of(images, columns, scale));
  figure::Sheet sheet;
  for (const io::Image& image : images) sheet.pictures.push_back({image.width, image.height, image.pixels.data()});
  sheet.columns = static_cast<int>(columns_of_sheet(static_cast<int64_t>(images.size()), columns));
  sheet.scale = scale;
  if (with_captions) sheet.captions = captions;
  if (!words.ink.empty() || words.transparent)
    sheet.ink = figure::colour_named(words.ink).value_or(figure::Colour{0, 0, 0});
  sheet.transparent = words.transparent;
  io::write_atomically(file, figure::sheet_png(sheet));
}

void show_sheet(const std::vector<io::Image>& images, int columns, const figure::SheetCaptions& captions,
                const Globals& globals) {
  const Screen screen = screen_of(STDOUT_FILENO, globals.color_choice());
  if (captions.of_rows.empty() || columns < 1) {
    fmt::print("{}", pictures(images, screen.width(), glyphs_for(screen), columns));
    return;
  }
  const auto per_row = static_cast<size_t>(columns);
  for (size_t begin = 0, row = 0; begin < images.size(); begin += per_row, ++row) {
    const size_t end = std::min(images.size(), begin + per_row);
    std::string words = row < captions.of_rows.size() ? captions.of_rows[row] : "";
    std::string each;
    for (size_t i = begin; i < std::min(end, captions.of_each.size()); ++i)
      if (!captions.of_each[i].empty()) each += (each.empty() ? "" : ", ") + captions.of_each[i];
    if (!each.empty()) words += ": " + each;
    const std::vector<io::Image> some(images.begin() + static_cast<std::ptrdiff_t>(begin),
                                      images.begin() + static_cast<std::ptrdiff_t>(end));
    fmt::print("{}{}\n{}", row > 0 ? "\n" : "", words, pictures(some, screen.width(), glyphs_for(screen)));
  }
}

}  // namespace mlrun::cli
