#include "data/label_values.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "base/number.hpp"
#include "data/number_text.hpp"
#include "io/gzip.hpp"
#include "io/hdf5/numbers.hpp"
#include "io/npy.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {
namespace {

constexpr size_t kMostClasses = 256;
constexpr uint64_t kMostBytes = uint64_t{1} << 33;

// Numbers that are written differently are one value.
std::string plain_value(std::string_view value) {
  const auto number = parse_real(value);
  return number && std::isfinite(*number) ? print_number(*number) : std::string(value);
}

LabelValues read_lines(const TableSource& source, int64_t rows, const std::string& folder) {
  const io::Bytes file = io::read_maybe_gzip(source.file, kMostBytes, folder);
  NumberText text(file.text(), source.file);
  LabelValues labels;
  std::vector<double> row;
  std::optional<std::string> first;  // a first line of words is a name of the column, or the first label
  if (text.header().size() == 1) first = text.header()[0];
  LabelValues with_first;
  if (first) with_first.add(*first, source.file);
  while (text.next(row)) {
    if (row.size() != 1)
      fail(ExitCode::kData, "{}:{}: found {} values, expected one label a line", source.file, text.line(), row.size());
    labels.add(text.field(0), text.where(0));
    if (first) with_first.add(text.field(0), text.where(0));
  }
  return first && with_first.rows() == rows ? with_first : labels;
}

void require_column(const Shape& shape, const std::string& name) {
  if (shape.size() == 1 || (shape.size() == 2 && shape[1] == 1)) return;
  fail(ExitCode::kData, "{}: found an array of shape {}, expected one label for each row, [rows]", name,
       to_string(shape));
}

LabelValues read_array(const TableSource& source, const std::string& folder) {
  LabelValues labels;
  if (source.format == TableSource::Format::kNpy) {
    const io::NpyArray array = io::parse_npy(io::read_maybe_gzip(source.file, kMostBytes, folder), source.file);
    require_column(array.shape, source.file);
    const int64_t count = count_of(array.shape);
    for (int64_t i = 0; i < count; ++i)
      labels.add(print_number(array.value(i)), fmt::format("{}: row {}", source.file, i));
    return labels;
  }
  const std::string name = source.file + ":" + source.dataset;
  io::read_hdf5_numbers(source.file, source.dataset, kMostBytes,
                        {.shape = [&](const Shape& shape) { require_column(shape, name); },
                         .values =
                             [&](std::span<const double> values) {
                               for (const double v : values)
                                 labels.add(print_number(v), fmt::format("{}: row {}", name, labels.rows()));
                             }});
  return labels;
}

}  // namespace

void LabelValues::add(std::string_view value, const std::string& where) {
  std::string text = plain_value(value);
  if (text.empty()) fail(ExitCode::kData, "{}: found nothing, expected the class of this row", where);
  if (!of_row_.empty() && distinct_[of_row_.back()] == text) return of_row_.push_back(of_row_.back());
  auto found = std::find(distinct_.begin(), distinct_.end(), text);
  if (found == distinct_.end()) {
    if (distinct_.size() == kMostClasses)
      fail(ExitCode::kData, "{}: found '{}', the {}th different label; there are at most {} classes", where,
           text.substr(0, 40), kMostClasses + 1, kMostClasses);
    distinct_.push_back(std::move(text));
    found = distinct_.end() - 1;
  }
  of_row_.push_back(static_cast<uint8_t>(found - distinct_.begin()));
}

std::vector<std::string> LabelValues::classes() const {
  std::vector<std::string> sorted = distinct_;
  const bool numbers =
      std::all_of(sorted.begin(), sorted.end(), [](const auto& v) { return parse_real(v).has_value(); });
  std::sort(sorted.begin(), sorted.end(), [&](const std::string& a, const std::string& b) {
    return numbers ? *parse_real(a) < *parse_real(b) : a < b;
  });
  return sorted;
}

std::vector<uint8_t> LabelValues::numbered(const std::vector<std::string>& classes, const std::string& file) const {
  std::vector<uint8_t> number_of;
  for (const std::string& value : distinct_) {
    const auto found = std::find(classes.begin(), classes.end(), value);
    if (found == classes.end()) {
      const auto nearest = nearest_name(value, classes);
      fail(ExitCode::kData, "{}: the training rows have no class '{}'{}", file, value.substr(0, 40),
           nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
    }
    number_of.push_back(static_cast<uint8_t>(found - classes.begin()));
  }
  std::vector<uint8_t> labels;
  labels.reserve(of_row_.size());
  for (const uint8_t index : of_row_) labels.push_back(number_of[index]);
  return labels;
}

bool are_plain_numbers(const std::vector<std::string>& classes) {
  for (size_t i = 0; i < classes.size(); ++i)
    if (classes[i] != std::to_string(i)) return false;
  return true;
}

std::string class_words(const std::vector<std::string>& names, int64_t classes) {
  constexpr size_t kNamedClasses = 12;
  if (classes == 0) return "";
  if (names.empty()) return fmt::format(", {} classes", classes);
  std::string list;
  for (size_t c = 0; c < std::min(names.size(), kNamedClasses); ++c)
    list += fmt::format("{}{} {}", c ? ", " : "", c, names[c]);
  if (names.size() > kNamedClasses) list += " ...";
  return fmt::format(", {} classes ({})", classes, list);
}

LabelValues read_labels(const TableSource& source, int64_t rows, const std::string& folder) {
  LabelValues labels =
      source.format == TableSource::Format::kText ? read_lines(source, rows, folder) : read_array(source, folder);
  if (labels.rows() != rows)
    fail(ExitCode::kData, "{}: found {} labels, expected one for each of {} rows", source.file, labels.rows(), rows);
  return labels;
}

}  // namespace mlrun
