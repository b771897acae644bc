#include "generate/region.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "base/number.hpp"
#include "data/number_text.hpp"
#include "io/png.hpp"

namespace mlrun {
namespace {

constexpr std::string_view kRectangle = "rect:", kMask = ".png", kColumns = "columns:";
const std::vector<std::string> kWords = {"top", "left", "right", "bottom", "center", "checker"};

std::vector<uint8_t> where(const DataSpec& data, const std::function<bool(int64_t row, int64_t column)>& is_known) {
  std::vector<uint8_t> known;
  for (int64_t r = 0; r < data.shape[0]; ++r) {
    for (int64_t c = 0; c < data.shape[1]; ++c) known.push_back(is_known(r, c) ? 1 : 0);
  }
  return known;
}

std::optional<std::vector<uint8_t>> of_word(const std::string& word, const DataSpec& data) {
  const int64_t rows = data.shape[0], columns = data.shape[1];
  if (word == "top") return where(data, [&](int64_t r, int64_t) { return r < rows / 2; });
  if (word == "bottom") return where(data, [&](int64_t r, int64_t) { return r >= rows - rows / 2; });
  if (word == "left") return where(data, [&](int64_t, int64_t c) { return c < columns / 2; });
  if (word == "right") return where(data, [&](int64_t, int64_t c) { return c >= columns - columns / 2; });
  if (word == "checker") return where(data, [&](int64_t r, int64_t c) { return (r + c) % 2 == 0; });
  if (word != "center") return std::nullopt;
  const int64_t high = rows / 2, wide = columns / 2, top = (rows - high) / 2, left = (columns - wide) / 2;
  return where(data, [&](int64_t r, int64_t c) { return r >= top && r < top + high && c >= left && c < left + wide; });
}

std::vector<uint8_t> of_rectangle(const std::string& text, const DataSpec& data) {
  std::array<int64_t, 4> edge{};
  size_t begin = kRectangle.size(), found = 0;
  for (bool more = true; more && found <= edge.size(); ++found) {
    const size_t comma = text.find(',', begin);
    const auto number = parse_integer(text.substr(begin, comma == std::string::npos ? comma : comma - begin));
    if (!number || found == edge.size()) {
      found = 0;
      break;
    }
    edge[found] = *number;
    more = comma != std::string::npos;
    begin = comma + 1;
  }
  if (found != edge.size()) {
    fail(ExitCode::kUsage,
         "region '{}': expected rect:R0,C0,R1,C1, four whole numbers: rows R0 to R1 - 1 and columns C0 to C1 - 1, from "
         "0\n  the upper half of these images   rect:0,0,{},{}",
         text, data.shape[0] / 2, data.shape[1]);
  }
  const auto [top, left, bottom, right] = edge;
  if (top < 0 || left < 0 || bottom > data.shape[0] || right > data.shape[1] || top >= bottom || left >= right) {
    fail(ExitCode::kUsage,
         "region '{}': expected 0 <= R0 < R1 <= {} and 0 <= C0 < C1 <= {}, the rows and columns of these images", text,
         data.shape[0], data.shape[1]);
  }
  return where(data,
               [edge](int64_t r, int64_t c) { return r >= edge[0] && r < edge[2] && c >= edge[1] && c < edge[3]; });
}

std::vector<uint8_t> of_mask(const std::string& path, const DataSpec& data) {
  const io::Image mask = io::read_png(path);
  if (mask.height != data.shape[0] || mask.width != data.shape[1]) {
    fail(ExitCode::kUsage, "{}: a mask of {} rows and {} columns, and these images have {} and {}", path, mask.height,
         mask.width, data.shape[0], data.shape[1]);
  }
  return where(data, [&](int64_t r, int64_t c) { return mask.at(static_cast<int>(c), static_cast<int>(r)) >= 128; });
}

// columns:A,B,C..D
std::vector<uint8_t> of_columns(const std::string& text, const DataSpec& data, const std::vector<std::string>& names) {
  const auto count = static_cast<size_t>(data.positions());
  std::vector<uint8_t> known(count);
  const auto column = [&](const std::string& word) {
    if (const auto found = find_column(word, names, count)) return *found;
    const auto nearest = nearest_name(word, names);
    fail(ExitCode::kUsage, "region '{}': no column '{}'{}\n  expected   {}1 to {}", text, word,
         nearest ? fmt::format("; did you mean '{}'?", *nearest) : "",
         names.empty() ? ""
                       : fmt::format("{} ..., or a number ",
                                     fmt::join(std::span(names).first(std::min<size_t>(names.size(), 6)), ", ")),
         count);
  };
  const std::string list = text.substr(kColumns.size());
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    const std::string part = list.substr(begin, end - begin);
    const size_t dots = find_column(part, names, count) ? std::string::npos : part.find("..");
    const size_t first = column(part.substr(0, dots));
    const size_t last = dots == std::string::npos ? first : column(part.substr(dots + 2));
    for (size_t i = std::min(first, last); i <= std::max(first, last); ++i) known[i] = 1;
    begin = end + 1;
  }
  return known;
}

bool is_proper(const Region& region) {
  const int64_t known = region.known_count();
  return known > 0 && known < static_cast<int64_t>(region.known.size());
}

}  // namespace

int64_t Region::known_count() const { return std::count(known.begin(), known.end(), uint8_t{1}); }

Region region_named(const std::string& text, const DataSpec& data, const std::vector<std::string>& column_names) {
  const bool columns = text.starts_with(kColumns);
  if (columns == data.is_image()) {
    fail(ExitCode::kUsage, "region '{}': {}", text,
         columns ? "columns are those of a table, and this model's data are images"
                 : fmt::format("a part of an image, and this model's data are rows of {} symbols\n  the part that is "
                               "known   columns:1..{}, or some columns by their names or numbers",
                               data.positions(), std::max<int64_t>(1, data.positions() / 2)));
  }
  Region region = {.name = text, .known = {}};
  if (columns) {
    region.known = of_columns(text, data, column_names);
  } else if (auto known = of_word(text, data)) {
    region.known = std::move(*known);
  } else if (text.starts_with(kRectangle)) {
    region.known = of_rectangle(text, data);
  } else if (text.ends_with(kMask)) {
    region.known = of_mask(text, data);
  } else {
    const auto nearest = nearest_name(text, kWords);
    fail(ExitCode::kUsage,
         "region '{}': no such part of an image{}\n"
         "  the part that is known   top, left, right, bottom, center, checker, rect:R0,C0,R1,C1, or a mask.png",
         text, nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
  }
  if (!is_proper(region)) {
    fail(ExitCode::kUsage, "region '{}': {} of {} {} are known, so that {}", text, region.known_count(),
         data.positions(), columns ? "columns" : "pixels",
         region.known_count() == 0 ? "there is nothing to go by; whole images are drawn without --complete"
                                   : "there is nothing left to complete");
  }
  return region;
}

const std::vector<std::string>& region_words() { return kWords; }

std::vector<Region> named_regions(const DataSpec& data) {
  std::vector<Region> regions;
  for (const std::string& word : kWords) {
    Region region = {.name = word, .known = *of_word(word, data)};
    if (is_proper(region)) regions.push_back(std::move(region));
  }
  return regions;
}

}  // namespace mlrun
