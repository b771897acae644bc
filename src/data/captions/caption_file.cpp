#include "data/captions/caption_file.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "config/unicode.hpp"
#include "data/number_text.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 30;

// The fields of a line; an empty list where a quote is not closed, or text stands behind one.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  for (size_t at = 0;; ++at) {
    std::string field;
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at >= line.size()) return {};
        if (line[at] == '"' && (at + 1 >= line.size() || line[at + 1] != '"')) break;
        if (line[at] == '"') ++at;
        field += line[at];
      }
      ++at;
      if (at < line.size() && line[at] != ',') return {};
    } else {
      while (at < line.size() && line[at] != ',') field += line[at++];
    }
    fields.push_back(std::move(field));
    if (at >= line.size()) return fields;
  }
}

bool is_header(const std::vector<std::string>& fields) {
  return fields[0] == "file" || fields[0] == "file_name" || fields[0] == "filename";
}

}  // namespace

std::vector<std::string> read_captions(const std::string& path, const std::vector<std::string>& files) {
  if (!io::exists(path)) {
    fail(ExitCode::kData, "{} is missing: the captions of the pictures beside it, a line each\n  such as   {},{}", path,
         files.front(), "what it shows");
  }
  const std::string bytes = io::read_text_file(path, kMostBytes, ExitCode::kData);
  const std::string_view text = unmarked_text(bytes, path);
  const std::set<std::string> known(files.begin(), files.end());
  std::map<std::string, std::string> captions;
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t stop = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, stop - begin);
    begin = stop + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (const auto bad = config::first_invalid_utf8(line))
      fail(ExitCode::kData, "{}:{}: byte {} is not UTF-8", path, number, *bad);
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() != 2) {
      fail(ExitCode::kData,
           "{}:{}: found {}, expected two fields, a file and its caption\n"
           "  a caption with commas or quotes   {},\"a cat, \"\"asleep\"\"\"",
           path, number,
           fields.empty() ? "a quote that is not closed"
                          : fmt::format("{} field{}", fields.size(), fields.size() == 1 ? "" : "s"),
           files.front());
    }
    if (number == 1 && is_header(fields)) continue;
    if (fields[1].empty()) fail(ExitCode::kData, "{}:{}: the caption of {} is empty", path, number, fields[0]);
    if (!known.contains(fields[0])) {
      const auto nearest = nearest_name(fields[0], files);
      fail(ExitCode::kData, "{}:{}: found the file '{}', and there is no such picture{}", path, number, fields[0],
           nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
    }
    if (!captions.emplace(fields[0], fields[1]).second)
      fail(ExitCode::kData, "{}:{}: a second caption of {}", path, number, fields[0]);
  }
  std::vector<std::string> found;
  for (const std::string& file : files) {
    const auto caption = captions.find(file);
    if (caption == captions.end()) {
      fail(ExitCode::kData, "{}: no caption of {}\n  a line such as   {},{}", path, file, file, "what it shows");
    }
    found.push_back(caption->second);
  }
  return found;
}

}  // namespace mlrun
