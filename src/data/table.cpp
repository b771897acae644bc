// Rows of symbols from the user's own files: binary vectors of any width, such as the sets that the papers of NADE and
// MADE report on, or small whole numbers.
#include <algorithm>
#include <cstddef>

#include "base/error.hpp"
#include "config/starter.hpp"
#include "data/cache.hpp"
#include "data/content_dataset.hpp"
#include "data/deal_out.hpp"
#include "data/label_options.hpp"
#include "data/label_values.hpp"
#include "data/source_file.hpp"
#include "data/table_file.hpp"

namespace mlrun {
namespace {

class Table : public ContentDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec);
    std::array<std::optional<std::string>, 3> files;  // by Split; only the first with `split`
    std::array<SpecPlace, 3> places;
    LabelOptions labels;
    std::vector<double> split;  // shares of the splits, or empty
    std::optional<int64_t> alphabet;
    Shape shape;  // empty: no geometry
    RowLimits limits;
  };

  Table(const Options& options, const DataSources& sources);

  std::string why_no_labels() const override {
    if (spec().classes > 0) return "";
    return "data.kind: table has labels where data.labels says which column or file they are, and here it does not";
  }
};

Table::Options::Options(config::Reader& spec) {
  const std::string formats =
      ".amat, .csv, .tsv, .txt, .npy (or with .gz behind) or FILE.h5:/DATASET, beside the spec or under the data root";
  files[0] = spec.string(
      "train",
      {.help = "training rows: " + formats, .check = check_table_source, .resolve = beside_spec(spec, "train")});
  files[1] = spec.string_or("valid", "none",
                            {.help = "validation rows; required unless `split` is given",
                             .check = check_table_source,
                             .resolve = beside_spec(spec, "valid")});
  files[2] = spec.string_or("test", "none",
                            {.help = "test rows; required unless `split` is given",
                             .check = check_table_source,
                             .resolve = beside_spec(spec, "test")});
  split = read_split(spec, "instead of valid and test: shares of `train` for the three splits, drawn by the seed");
  alphabet =
      spec.integer_or("alphabet", "auto",
                      {.help = "symbols are 0 .. alphabet - 1; auto: the largest plus one", .min = 2, .max = 65536});
  shape = spec.integers("shape", {.help = "[rows, columns] of an image; empty: a plain vector",
                                  .min = 1,
                                  .max = 65536,
                                  .max_size = 2,
                                  .fallback = std::vector<int64_t>{}});
  labels = LabelOptions(spec, files, /*columns=*/true);
  limits = RowLimits(spec);
  for (size_t i = 0; i < 3; ++i) {
    const std::string key = name_of(static_cast<Split>(i));
    places[i] = SpecPlace(spec, key, files[i].value_or("none"));
  }
  if (spec.describing()) return;
  if (split.empty()) {
    for (const char* key : {"valid", "test"}) {
      if (!files[key[0] == 'v' ? 1 : 2]) {
        spec.mistake("train", fmt::format("'{}' is not given, and neither is 'split'", key),
                     "add 'split: [0.8, 0.1, 0.1]', or files for valid and test");
        break;
      }
    }
  } else if (files[1] || files[2]) {
    spec.mistake("split", "given together with a file for valid or test", "choose one of the two");
  }
  if (shape.size() == 1) spec.mistake("shape", "found one number, expected [rows, columns]");
}

int64_t largest_symbol(const SymbolTable& table) {
  std::vector<int32_t> row(static_cast<size_t>(table.width()));
  int32_t largest = 1;
  for (int64_t i = 0; i < table.rows() && table.bits() > 1; ++i) {
    table.unpack(i, row.data());
    largest = std::max(largest, *std::max_element(row.begin(), row.end()));
  }
  return largest;
}

DataContent read(const Table::Options& options, const std::vector<TableSource>& sources,
                 const std::array<std::optional<TableSource>, 3>& label_sources, const std::string& folder) {
  std::vector<LabelValues> labels;
  std::vector<std::string> label_files;
  DataContent content;
  content.spec.alphabet = options.alphabet.value_or(2);
  const int32_t largest = static_cast<int32_t>(options.alphabet.value_or(65536) - 1);
  for (size_t i = 0; i < 3; ++i) {
    SymbolTable& table = content.parts[i].symbols;
    if (i >= sources.size()) {
      table = SymbolTableBuilder(content.parts[0].symbols.width()).finish();
      continue;
    }
    const bool again = std::any_of(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const TableSource& s) { return s.file == sources[i].file; });
    std::vector<std::string> known;  // what was said of this file already
    TableRows rows =
        read_table(sources[i], {largest, again ? &known : &content.warnings, folder, options.labels.column()});
    table = std::move(rows.symbols);
    if (label_sources[i]) rows.labels = read_labels(*label_sources[i], table.rows(), folder);
    if (rows.labels.rows() > 0) labels.push_back(std::move(rows.labels));
    label_files.push_back(label_sources[i] ? label_sources[i]->file : sources[i].file);
    if (const int64_t width = content.parts[0].symbols.width(); table.width() != width) {
      fail(ExitCode::kData, "{}: found rows of {} symbols, expected {} as in {}", sources[i].file, table.width(), width,
           sources[0].file);
    }
    if (!options.alphabet) content.spec.alphabet = std::max(content.spec.alphabet, largest_symbol(table) + 1);
  }
  if (!labels.empty()) set_labels(content, labels, label_files);
  content.spec.shape = {content.parts[0].symbols.width()};
  return content;
}

Table::Table(const Options& options, const DataSources& sources) {
  std::vector<TableSource> tables;
  CacheKey key{"table", "alphabet " + (options.alphabet ? std::to_string(*options.alphabet) : "auto"), {}};
  for (size_t i = 0; i < (options.split.empty() ? 3 : 1); ++i) {
    TableSource table = found_table(options.files[i].value_or(""), options.places[i], sources);
    key.options += " " + table.dataset;
    key.files.push_back(table.file);
    tables.push_back(std::move(table));
  }
  if (!options.labels.column().empty()) key.options += " labels " + options.labels.column();
  const auto labels = options.labels.sources(sources);
  for (const auto& source : labels) {
    if (!source) continue;
    key.options += " labels " + source->dataset;
    key.files.push_back(source->file);
  }
  content_ = cached(sources.cache, key, [&] { return read(options, tables, labels, sources.cache); });
  content_.names.columns = column_names(tables[0], options.labels.column());
  if (static_cast<int64_t>(content_.names.columns.size()) != content_.spec.positions()) content_.names.columns.clear();
  protocol_ = "table";
  if (!options.split.empty()) {
    deal_out(content_, options.split, sources.seed, tables[0].file, sources.cache);
    protocol_ += ", " + split_words(options.split, sources.seed);
  }
  if (!options.shape.empty()) {
    if (count_of(options.shape) != content_.spec.positions()) {
      fail(ExitCode::kUsage, "data.shape: {} has {} pixels, but the rows of {} have {} symbols",
           to_string(options.shape), count_of(options.shape), tables[0].file, content_.spec.positions());
    }
    content_.spec.shape = options.shape;
    set_hash(content_);
  }
  content_ = limited(std::move(content_), options.limits);
  protocol_ += options.limits.words();
  description_ = fmt::format("{} {} rows of {} symbols, alphabet {}{}", *options.files[0], sizes(),
                             content_.spec.positions(), content_.spec.alphabet, options.limits.words()) +
                 class_words(content_.names.classes, content_.spec.classes);
}

[[maybe_unused]] const bool registered =
    register_dataset<Table>("table", "rows of 0/1 or small whole numbers from your own files");
[[maybe_unused]] const bool starter =
    config::register_starter("data.kind=table", {"data.train=rows.csv", "data.split=[0.8, 0.1, 0.1]"});

}  // namespace
}  // namespace mlrun
