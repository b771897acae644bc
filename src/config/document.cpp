#include "config/document.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/home.hpp"
#include "base/nearest_name.hpp"
#include "base/number.hpp"
#include "config/reading.hpp"
#include "config/yaml_parser.hpp"

namespace mlrun::config {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMaxExtends = 8;

std::string nearest_file(const fs::path& path) {
  std::error_code ignored;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(path.has_parent_path() ? path.parent_path() : ".", ignored), end;
       !ignored && entry != end && names.size() < 1000; entry.increment(ignored))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());  // a directory has no order of its own
  const std::optional<std::string> name = nearest_name(path.filename().string(), names);
  return name ? fmt::format("did you mean '{}'?", (path.parent_path() / *name).string()) : "";
}

// The file's bytes, at most one more than is allowed. A mistake is recorded at `place`: the file itself, or the
// `extends` that named it.
std::optional<std::string> read_file(const std::string& path, const Origin& place, int length,
                                     Diagnostics& diagnostics) {
  const auto refuse = [&](const std::string& reason, const std::string& remedy = "") {
    const std::string subject = place.line > 0 ? quote(path) + ": " : "";
    diagnostics.add(place, length, subject + "cannot be read: " + reason, remedy);
    return std::nullopt;
  };
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return refuse("it is a directory");
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (!file) return refuse(std::strerror(errno), errno == ENOENT ? nearest_file(path) : "");
  std::string bytes;
  for (size_t wanted = 4096;; wanted *= 2) {
    const size_t before = bytes.size(), more = std::min(wanted, kMaxBytes + 1 - before);
    bytes.resize(before + more);
    const size_t read = std::fread(bytes.data() + before, 1, more, file);
    bytes.resize(before + read);
    if (read < more || bytes.size() > kMaxBytes) break;
  }
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) return refuse("input error");
  return bytes;
}

// The map of a document, or nothing; an empty document is an empty map.
std::optional<Node> parse_map(const std::string& bytes, const std::string& name, Diagnostics& diagnostics) {
  const SourceText source(name, bytes);
  diagnostics.add_source(name, source.text());
  std::optional<Node> root = parse_yaml(source, diagnostics);
  if (!root) return std::nullopt;
  if (root->kind == Node::Kind::kNull && root->text.empty()) root->kind = Node::Kind::kMap;
  if (root->kind == Node::Kind::kMap) return root;
  const bool glued = root->kind == Node::Kind::kScalar && root->text.find(':') != std::string::npos;
  diagnostics.add(root->origin, root->length, "expected lines of 'key: value', found " + found(*root),
                  glued ? "write a blank after ':'" : "");
  return std::nullopt;
}

std::optional<Node> take_extends(Node& root) {
  for (size_t i = 0; i < root.children.size(); ++i) {
    if (root.children[i].key != "extends") continue;
    Node node = std::move(root.children[i]);
    root.children.erase(root.children.begin() + static_cast<std::ptrdiff_t>(i));
    return node;
  }
  return std::nullopt;
}

std::optional<Node> load_file(const std::string& path, const Origin& place, int length, std::vector<fs::path>& chain,
                              Diagnostics& diagnostics) {
  if (chain.size() > kMaxExtends) {
    diagnostics.add(place, length, fmt::format("extends more than {} deep", kMaxExtends));
    return std::nullopt;
  }
  const std::optional<std::string> bytes = read_file(path, place, length, diagnostics);
  if (!bytes) return std::nullopt;
  std::optional<Node> root = parse_map(*bytes, path, diagnostics);
  if (!root) return std::nullopt;
  const std::optional<Node> extends = take_extends(*root);
  if (!extends) return root;
  // Only a file that extends another can be met again, so the look at what its path leads to is for these alone.
  std::error_code ignored;
  fs::path canonical = fs::weakly_canonical(path, ignored);
  if (ignored) canonical = path;
  if (std::find(chain.begin(), chain.end(), canonical) != chain.end()) {
    diagnostics.add(place, length, fmt::format("{} extends itself", quote(path)));
    return std::nullopt;
  }
  chain.push_back(canonical);
  if (extends->kind != Node::Kind::kScalar || extends->text.empty()) {
    diagnostics.add(extends->origin, extends->length, "extends: expected the name of a file, found " + found(*extends));
    return root;
  }
  const std::string base_path = (fs::path(path).parent_path() / expand_home(extends->text)).lexically_normal().string();
  std::optional<Node> base = load_file(base_path, extends->origin, extends->length, chain, diagnostics);
  if (!base) return std::nullopt;
  merge(*base, std::move(*root));
  return base;
}

Origin argument_place(size_t index, const std::vector<std::string>& places) {
  Origin origin;
  origin.argument = static_cast<int>(index) + 1;
  if (index >= places.size()) return origin;
  const std::string_view place = places[index], prefix = "argument ";
  if (place.substr(0, prefix.size()) == prefix) {
    const std::optional<int64_t> number = parse_integer(place.substr(prefix.size()));
    if (number && *number > 0 && *number < 1000000) {
      origin.argument = static_cast<int>(*number);
      return origin;
    }
  }
  origin.file = places[index];
  return origin;
}

std::shared_ptr<Reading> start(std::optional<Node> root, const std::string& name,
                               const std::vector<std::string>& overrides, const std::vector<std::string>& places,
                               const Diagnostics& diagnostics) {
  auto reading = std::make_shared<Reading>();
  reading->diagnostics = diagnostics;
  reading->broken = !root;
  if (root) reading->root = std::move(*root);
  reading->root.kind = Node::Kind::kMap;
  for (size_t i = 0; i < overrides.size(); ++i)
    reading->overrides.push_back(
        apply_override(reading->root, overrides[i], argument_place(i, places), reading->diagnostics));
  auto section = std::make_shared<SectionReading>();
  section->node = &reading->root;
  section->origin.file = name;
  reading->sections.emplace("", section);
  return reading;
}

}  // namespace

Document::Document(std::shared_ptr<Reading> reading) : reading_(std::move(reading)) {}

Document Document::load(const std::string& path, const std::vector<std::string>& overrides, Diagnostics diagnostics,
                        const std::vector<std::string>& places) {
  std::vector<fs::path> chain;
  Origin place;
  place.file = path;
  std::optional<Node> root = load_file(path, place, 1, chain, diagnostics);
  return Document(start(std::move(root), path, overrides, places, diagnostics));
}

Document Document::from_text(const std::string& text, const std::string& name,
                             const std::vector<std::string>& overrides, Diagnostics diagnostics,
                             const std::vector<std::string>& places) {
  std::optional<Node> root = parse_map(text, name, diagnostics);
  if (root)
    if (const std::optional<Node> extends = take_extends(*root))
      diagnostics.add(extends->key_origin, extends->key_length, "extends works in a file of its own only");
  return Document(start(std::move(root), name, overrides, places, diagnostics));
}

Document Document::empty(const std::vector<std::string>& overrides, Diagnostics diagnostics) {
  std::shared_ptr<Reading> reading = start(Node(), "", overrides, {}, diagnostics);
  reading->describing = true;
  return Document(reading);
}

Reader Document::root() const { return Reader(reading_, reading_->sections.at("")); }
Diagnostics Document::diagnostics() const { return reading_->diagnostics; }
const std::vector<FieldRecord>& Document::declared() const { return reading_->fields; }
std::vector<std::string> Document::notes() const { return notes_of(*reading_); }

}  // namespace mlrun::config
