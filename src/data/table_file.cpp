#include "data/table_file.hpp"

#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/number.hpp"
#include "data/text_table.hpp"
#include "io/gzip.hpp"
#include "io/hdf5_reader.hpp"
#include "io/npy.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 32;  // unpacked

bool ends_in(const std::string& name, std::initializer_list<const char*> endings) {
  for (const char* ending : endings) {
    if (name.size() > std::string_view(ending).size() && name.ends_with(ending)) return true;
  }
  return false;
}

// `value(i)` of the flat array as a double: the form in which npy and HDF5 give all their types.
template <class Value>
SymbolTable from_numbers(const std::string& name, const Shape& shape, int32_t largest, const Value& value) {
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1) {
    fail(ExitCode::kData, "{}: found an array of shape {}, expected [rows, symbols]", name, to_string(shape));
  }
  SymbolTableBuilder builder(shape[1]);
  std::vector<int32_t> symbols(static_cast<size_t>(shape[1]));
  for (int64_t row = 0; row < shape[0]; ++row) {
    for (int64_t column = 0; column < shape[1]; ++column) {
      const double v = value(row * shape[1] + column);
      if (!(v >= 0 && v <= largest && v == std::floor(v))) {
        fail(ExitCode::kData, "{}: row {}, column {} (from 0): found {}, expected {}", name, row, column,
             print_number(v), largest == 1 ? std::string("0 or 1") : fmt::format("a whole number 0 .. {}", largest));
      }
      symbols[static_cast<size_t>(column)] = static_cast<int32_t>(v);
    }
    builder.append(std::span<const int32_t>(symbols));
  }
  return std::move(builder).finish();
}

SymbolTable read_hdf5(const TableSource& source, int32_t largest) {
  const io::Hdf5Reader reader = io::open_hdf5(source.file, kMaxBytes, ExitCode::kData);
  const std::string name = source.file + ":" + source.dataset;
  const io::Hdf5Dataset& dataset = reader.dataset(source.dataset);
  using Type = io::Hdf5Dataset::Type;
  if (dataset.type == Type::kText) fail(ExitCode::kData, "{}: found text, expected numbers", name);
  if (dataset.type == Type::kU8) {
    const Tensor values = reader.tensor(source.dataset);
    return from_numbers(name, dataset.shape, largest,
                        [p = values.data<uint8_t>()](int64_t i) { return static_cast<double>(p[i]); });
  }
  const std::vector<double> values = reader.reals(source.dataset);
  return from_numbers(name, dataset.shape, largest, [&](int64_t i) { return values[static_cast<size_t>(i)]; });
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

SymbolTable read_table(const TableSource& source, int32_t largest) {
  switch (source.format) {
    case TableSource::Format::kText:
      return parse_text_table(io::read_maybe_gzip(source.file, kMaxBytes).text(), source.file, largest);
    case TableSource::Format::kNpy: {
      const io::NpyArray array = io::read_npy(source.file, kMaxBytes);
      return from_numbers(source.file, array.shape, largest, [&](int64_t i) { return array.value(i); });
    }
    case TableSource::Format::kHdf5:
      return read_hdf5(source, largest);
  }
  fail(ExitCode::kInternal, "a table format without a reader");
}

}  // namespace mlrun
