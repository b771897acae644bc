#include "data/table_source.hpp"

#include <initializer_list>
#include <string_view>

#include "base/error.hpp"

namespace mlrun {
namespace {

bool ends_in(const std::string& name, std::initializer_list<const char*> endings) {
  for (const char* ending : endings) {
    if (name.size() > std::string_view(ending).size() && name.ends_with(ending)) return true;
  }
  return false;
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

TableSource found_table(const std::string& text, const SpecPlace& place, const DataSources& sources) {
  TableSource source = parse_table_source(text);
  const std::string path = path_under(sources.root, source.file);
  source.file = find_data_file(path);
  if (source.file.empty()) {
    fail(ExitCode::kData, "{} is missing   ({})\n  {}", path, place.words(), where_paths_begin(sources.root));
  }
  return source;
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

}  // namespace mlrun
