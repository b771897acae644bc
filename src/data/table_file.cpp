#include "data/table_file.hpp"

#include <cmath>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "base/number.hpp"
#include "data/text_table.hpp"
#include "io/gzip.hpp"
#include "io/hdf5/numbers.hpp"
#include "io/npy.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 36, kMaxHdf5 = uint64_t{1} << 32;  // unpacked

bool ends_in(const std::string& name, std::initializer_list<const char*> endings) {
  for (const char* ending : endings) {
    if (name.size() > std::string_view(ending).size() && name.ends_with(ending)) return true;
  }
  return false;
}

// Takes the values of an array, in the order of its rows, and packs them as symbols.
class SymbolRows {
 public:
  // `mend` says how to write the file anew, given Python's words for an array of two dimensions made of x.
  SymbolRows(std::string name, const Shape& shape, int32_t largest, const std::string& folder,
             const std::function<std::string(std::string)>& mend)
      : name_(std::move(name)), largest_(largest), builder_(shape.size() == 2 ? shape[1] : 0, folder) {
    if (shape.size() == 2 && shape[0] >= 1 && shape[1] >= 1) return;
    std::string mending;
    if (shape.size() > 2) mending = mend("x.reshape(len(x), -1)");
    if (shape.size() == 1) mending = mend("x.reshape(-1, 1)");
    fail(ExitCode::kData, "{}: found an array of shape {}, expected [rows, symbols]{}", name_, to_string(shape),
         mending);
  }

  void add(double value) {
    if (!(value >= 0 && value <= largest_ && value == std::floor(value))) {
      fail(ExitCode::kData, "{}: row {}, column {} (from 0): found {}, expected {}", name_, builder_.rows(),
           row_.size(), std::isnan(value) ? "nan" : print_number(value),
           largest_ == 1 ? std::string("0 or 1") : fmt::format("a whole number 0 .. {}", largest_));
    }
    row_.push_back(static_cast<int32_t>(value));
    if (static_cast<int64_t>(row_.size()) < builder_.width()) return;
    builder_.append(std::span<const int32_t>(row_));
    row_.clear();
  }
  SymbolTable finish() && { return std::move(builder_).finish(); }

 private:
  std::string name_;
  int32_t largest_;
  SymbolTableBuilder builder_;
  std::vector<int32_t> row_;
};

SymbolTable read_hdf5(const TableSource& source, int32_t largest, const std::string& folder) {
  const auto mend = [&](const std::string& python) { return io::hdf5_remedy(source.file, source.dataset, python); };
  std::optional<SymbolRows> rows;
  io::read_hdf5_numbers(
      source.file, source.dataset, kMaxHdf5,
      {.shape =
           [&](const Shape& shape) { rows.emplace(source.file + ":" + source.dataset, shape, largest, folder, mend); },
       .values =
           [&](std::span<const double> values) {
             for (const double v : values) rows->add(v);
           }});
  return std::move(*rows).finish();
}

SymbolTable read_npy(const std::string& file, int32_t largest, const std::string& folder) {
  const io::NpyArray array = io::parse_npy(io::read_maybe_gzip(file, kMaxBytes, folder), file);
  SymbolRows rows(file, array.shape, largest, folder,
                  [&](const std::string& python) { return io::npy_remedy(file, python); });
  const int64_t count = count_of(array.shape);
  for (int64_t i = 0; i < count; ++i) rows.add(array.value(i));
  return std::move(rows).finish();
}

}  // namespace

TableSource parse_table_source(const std::string& text) {
  for (const std::string ending : {".h5:", ".hdf5:"}) {
    if (const size_t at = text.rfind(ending); at != std::string::npos) {
      const size_t colon = at + ending.size() - 1;
      return {TableSource::Format::kHdf5, text.substr(0, colon), text.substr(colon + 1)};
    }
  }
  const std::string plain = text.ends_with(".gz") ? text.substr(0, text.size() - 3) : text;
  return {ends_in(plain, {".npy"}) ? TableSource::Format::kNpy : TableSource::Format::kText, text, ""};
}

std::string check_table_source(const std::string& text) {
  const TableSource source = parse_table_source(text);
  if (source.format == TableSource::Format::kHdf5) {
    return source.dataset.starts_with('/') && source.dataset.size() > 1 ? "" : "FILE.h5:/DATASET";
  }
  if (ends_in(text, {".h5", ".hdf5"})) return "the dataset too: FILE.h5:/DATASET";
  const std::string plain = text.ends_with(".gz") ? text.substr(0, text.size() - 3) : text;
  const bool known = ends_in(plain, {".amat", ".csv", ".tsv", ".txt", ".npy"});
  return known ? "" : "a file .amat, .csv, .tsv, .txt or .npy (or with .gz behind), or FILE.h5:/DATASET";
}

SymbolTable read_table(const TableSource& source, int32_t largest, std::vector<std::string>& warnings,
                       const std::string& folder) {
  switch (source.format) {
    case TableSource::Format::kText:
      return parse_text_table(io::read_maybe_gzip(source.file, kMaxBytes, folder).text(), source.file, largest,
                              &warnings, folder);
    case TableSource::Format::kNpy:
      return read_npy(source.file, largest, folder);
    case TableSource::Format::kHdf5:
      return read_hdf5(source, largest, folder);
  }
  fail(ExitCode::kInternal, "a table format without a reader");
}

}  // namespace mlrun
