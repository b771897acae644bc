#include "data/image_array.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "base/error.hpp"
#include "base/number.hpp"
#include "data/number_text.hpp"
#include "io/gzip.hpp"
#include "io/hdf5/numbers.hpp"
#include "io/npy.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 34;

struct RawArray {
  Shape shape;
  std::vector<float> values;
};

RawArray read_text(const std::string& file, const std::string& folder) {
  const io::Bytes bytes = io::read_maybe_gzip(file, kMostBytes, folder);
  NumberText text(bytes.text(), file);
  RawArray raw;
  std::vector<double> row;
  int64_t rows = 0, width = 0;
  while (text.next(row)) {
    if (rows++ == 0) width = static_cast<int64_t>(row.size());
    if (static_cast<int64_t>(row.size()) != width)
      fail(ExitCode::kData, "{}:{}: found {} numbers, expected {}, as in line {}", file, text.line(), row.size(), width,
           text.first_line());
    for (size_t i = 0; i < row.size(); ++i) {
      if (std::isnan(row[i])) fail(ExitCode::kData, "{}: found {}, expected a number", text.where(i), text.found(i));
      raw.values.push_back(static_cast<float>(row[i]));
    }
  }
  raw.shape = {rows, width};
  return raw;
}

RawArray read_raw(const TableSource& source, const std::string& folder) {
  if (source.format == TableSource::Format::kText) return read_text(source.file, folder);
  RawArray raw;
  if (source.format == TableSource::Format::kNpy) {
    const io::NpyArray array = io::parse_npy(io::read_maybe_gzip(source.file, kMostBytes, folder), source.file);
    raw.shape = array.shape;
    const int64_t count = count_of(array.shape);
    raw.values.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) raw.values.push_back(static_cast<float>(array.value(i)));
    return raw;
  }
  io::read_hdf5_numbers(source.file, source.dataset, kMostBytes,
                        {.shape = [&](const Shape& shape) { raw.shape = shape; },
                         .values =
                             [&](std::span<const double> values) {
                               for (const double v : values) raw.values.push_back(static_cast<float>(v));
                             }});
  return raw;
}

Shape image_shape(const Shape& array, const std::optional<Shape>& asked, const std::string& name) {
  const bool empty = array.empty() || count_of(array) == 0;
  if (!empty && array.size() == 3 && (!asked || (asked->at(0) == array[1] && asked->at(1) == array[2])))
    return {array[1], array[2]};
  if (!empty && array.size() == 2 && asked && count_of(*asked) == array[1]) return *asked;
  std::string remedy;
  if (!empty && array.size() == 2) {
    const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(array[1]))));
    remedy = fmt::format("\n  the rows and columns of an image   'data.shape=[{}, {}]'",
                         side * side == array[1] ? side : 1, side * side == array[1] ? side : array[1]);
  }
  fail(ExitCode::kData, "{}: found an array of shape {}, expected {}{}", name, to_string(array),
       asked ? fmt::format("[N, {}, {}] or [N, {}]", asked->at(0), asked->at(1), count_of(*asked))
             : "[N, rows, columns], or [N, D] and data.shape",
       remedy);
}

}  // namespace

ImageArray read_image_array(const TableSource& source, const std::optional<Shape>& shape, const std::string& folder) {
  const std::string name = source.dataset.empty() ? source.file : source.file + ":" + source.dataset;
  const RawArray raw = read_raw(source, folder);
  ImageArray out;
  out.shape = image_shape(raw.shape, shape, name);
  const auto pixels = static_cast<size_t>(count_of(out.shape));
  float largest = 0;
  bool whole = true;
  for (size_t i = 0; i < raw.values.size(); ++i) {
    const float v = raw.values[i];
    if (!(v >= 0 && v <= 255)) {
      fail(ExitCode::kData, "{}: image {}, row {}, column {} (from 0): found {}, expected 0 .. 1 or 0 .. 255", name,
           i / pixels, i % pixels / static_cast<size_t>(out.shape[1]), i % static_cast<size_t>(out.shape[1]),
           std::isnan(v) ? "nan" : print_number(v));
    }
    largest = std::max(largest, v);
    whole = whole && v == std::floor(v);
  }
  const float scale = largest <= 1 ? 255.0f : 1.0f;
  out.black_and_white = largest <= 1 && whole;
  out.rounded = largest > 1 && !whole;
  for (size_t begin = 0; begin < raw.values.size(); begin += pixels) {
    std::vector<uint8_t>& picture = out.pictures.emplace_back(pixels);
    std::transform(raw.values.begin() + static_cast<std::ptrdiff_t>(begin),
                   raw.values.begin() + static_cast<std::ptrdiff_t>(begin + pixels), picture.begin(),
                   [scale](float v) { return static_cast<uint8_t>(std::lround(scale * v)); });
  }
  return out;
}

}  // namespace mlrun
