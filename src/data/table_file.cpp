#include "data/table_file.hpp"

#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "base/number.hpp"
#include "data/number_text.hpp"
#include "data/text_table.hpp"
#include "io/gzip.hpp"
#include "io/hdf5/numbers.hpp"
#include "io/npy.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 36, kMaxHdf5 = uint64_t{1} << 32;  // unpacked

// Takes the values of an array, in the order of its rows, and packs them as symbols; one column may be labels.
class SymbolRows {
 public:
  // `mend` says how to write the file anew, given Python's words for an array of two dimensions made of x.
  SymbolRows(std::string name, const Shape& shape, const RowReading& reading,
             const std::function<std::string(std::string)>& mend)
      : name_(std::move(name)), largest_(reading.largest), columns_(shape.size() == 2 ? shape[1] : 0) {
    const bool labelled = !reading.label_column.empty();
    if (shape.size() == 2 && shape[0] >= 1 && shape[1] >= (labelled ? 2 : 1)) {
      if (labelled) label_ = label_column_index(reading.label_column, {}, static_cast<size_t>(columns_), name_);
      builder_ = SymbolTableBuilder(columns_ - (labelled ? 1 : 0), reading.folder);
      return;
    }
    std::string mending;
    if (shape.size() > 2) mending = mend("x.reshape(len(x), -1)");
    if (shape.size() == 1) mending = mend("x.reshape(-1, 1)");
    fail(ExitCode::kData, "{}: found an array of shape {}, expected [rows, symbols]{}", name_, to_string(shape),
         mending);
  }

  void add(double value) {
    const int64_t column = at_++;
    if (at_ == columns_) at_ = 0;
    if (label_ && column == static_cast<int64_t>(*label_))
      labels_.add(print_number(value), fmt::format("{}: row {}, column {} (from 0)", name_, labels_.rows(), column));
    else add_symbol(value, column);
    if (at_ > 0) return;
    builder_.append(std::span<const int32_t>(row_));
    row_.clear();
  }
  TableRows finish() && { return {std::move(builder_).finish(), std::move(labels_)}; }

 private:
  void add_symbol(double value, int64_t column) {
    if (!(value >= 0 && value <= largest_ && value == std::floor(value))) {
      fail(ExitCode::kData, "{}: row {}, column {} (from 0): found {}, expected {}", name_, builder_.rows(), column,
           std::isnan(value) ? "nan" : print_number(value),
           largest_ == 1 ? std::string("0 or 1") : fmt::format("a whole number 0 .. {}", largest_));
    }
    row_.push_back(static_cast<int32_t>(value));
  }

  std::string name_;
  int32_t largest_;
  int64_t columns_, at_ = 0;
  std::optional<size_t> label_;  // the column of labels
  LabelValues labels_;
  SymbolTableBuilder builder_{0};
  std::vector<int32_t> row_;
};

TableRows read_hdf5(const TableSource& source, const RowReading& reading) {
  const auto mend = [&](const std::string& python) { return io::hdf5_remedy(source.file, source.dataset, python); };
  std::optional<SymbolRows> rows;
  io::read_hdf5_numbers(
      source.file, source.dataset, kMaxHdf5,
      {.shape = [&](const Shape& shape) { rows.emplace(source.file + ":" + source.dataset, shape, reading, mend); },
       .values =
           [&](std::span<const double> values) {
             for (const double v : values) rows->add(v);
           }});
  return std::move(*rows).finish();
}

TableRows read_npy(const std::string& file, const RowReading& reading) {
  const io::NpyArray array = io::parse_npy(io::read_maybe_gzip(file, kMaxBytes, reading.folder), file);
  SymbolRows rows(file, array.shape, reading, [&](const std::string& python) { return io::npy_remedy(file, python); });
  const int64_t count = count_of(array.shape);
  for (int64_t i = 0; i < count; ++i) rows.add(array.value(i));
  return std::move(rows).finish();
}

}  // namespace

TableRows read_table(const TableSource& source, const RowReading& reading) {
  switch (source.format) {
    case TableSource::Format::kText:
      return parse_text_rows(io::read_maybe_gzip(source.file, kMaxBytes, reading.folder).text(), source.file, reading);
    case TableSource::Format::kNpy:
      return read_npy(source.file, reading);
    case TableSource::Format::kHdf5:
      return read_hdf5(source, reading);
  }
  fail(ExitCode::kInternal, "a table format without a reader");
}

std::vector<std::string> column_names(const TableSource& source, const std::string& label_column) {
  constexpr size_t kHead = 1 << 20;  // bytes, which hold the first two rows
  if (source.format != TableSource::Format::kText) return {};
  std::string head;
  io::PieceReader reader(source.file, kMaxBytes);
  for (auto piece = reader.next(); !piece.empty() && head.size() < kHead; piece = reader.next())
    head.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  std::vector<std::string> names = NumberText(head, source.file).header();
  if (!names.empty() && !label_column.empty()) {
    const size_t label = label_column_index(label_column, names, names.size(), source.file);
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(label));
  }
  return names;
}

}  // namespace mlrun
