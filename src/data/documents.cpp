#include "data/documents.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "data/text_file.hpp"
#include "io/directory.hpp"
#include "io/gzip.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 40;
constexpr size_t kLongestLine = size_t{1} << 28;

const std::string kEnd(1, kEndOfDocument);

void require_no_end(std::string_view text, const std::string& where) {
  if (text.find(kEndOfDocument) == std::string_view::npos) return;
  fail(ExitCode::kData, "{}: found the character U+0003, which stands for the end of a document", where);
}

void take_line(std::string_view line, const std::string& where, const std::function<void(std::string_view)>& take) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto* text = json.is_string() ? &json : json.is_object() && json.contains("text") ? &json["text"] : nullptr;
  if (!text || !text->is_string())
    fail(ExitCode::kData, "{}: found no document, expected a JSON string or an object with a string \"text\"", where);
  const auto& document = text->get_ref<const std::string&>();
  require_no_end(document, where);
  if (document.empty()) return;
  take(document);
  take(kEnd);
}

void each_line(const std::string& path, const std::function<void(std::string_view)>& take) {
  io::PieceReader reader(path, kMaxBytes);
  std::string kept;
  int64_t number = 0;
  const auto line = [&](std::string_view text) { take_line(text, fmt::format("{}:{}", path, ++number), take); };
  for (bool more = true; more;) {
    const auto piece = reader.next();
    more = !piece.empty();
    kept.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    size_t begin = 0;
    for (size_t end = kept.find('\n'); end != std::string::npos; end = kept.find('\n', begin)) {
      line(std::string_view(kept).substr(begin, end - begin));
      begin = end + 1;
    }
    kept.erase(0, begin);
    if (kept.size() > kLongestLine)
      fail(ExitCode::kData, "{}:{}: a line of more than {} bytes", path, number + 1, kLongestLine);
  }
  line(kept);
}

bool ends_with_any(const std::string& name, const std::vector<std::string>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](const std::string& ending) { return name.ends_with(ending); });
}

}  // namespace

Documents find_documents(const std::string& path, const std::string& place) {
  Documents found;
  if (!io::is_directory(path)) {
    if (!io::exists(path)) fail(ExitCode::kData, "{} is missing   ({})", path, place);
    if (!ends_with_any(path, {".jsonl", ".jsonl.gz"})) {
      fail(ExitCode::kData,
           "{} is neither a folder nor named .jsonl   ({})\n  one text alone   data.file instead of data.documents",
           path, place);
    }
    return {{path}, true};
  }
  for (const std::string& name : io::list_directory(path)) {
    if (name[0] != '.' && !io::is_directory(path + "/" + name)) found.files.push_back(path + "/" + name);
  }
  std::sort(found.files.begin(), found.files.end());
  if (found.files.empty()) fail(ExitCode::kData, "{}: no files, expected a document in each   ({})", path, place);
  return found;
}

void each_document(const Documents& documents, TextUnit unit, const std::function<void(std::string_view)>& take) {
  for (const std::string& path : documents.files) {
    if (documents.json_lines) {
      each_line(path, take);
      continue;
    }
    bool any = false;
    each_text_piece(path, unit, [&](std::string_view text) {
      require_no_end(text, path);
      any = any || !text.empty();
      take(text);
    });
    if (any) take(kEnd);
  }
}

}  // namespace mlrun
