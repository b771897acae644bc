// Sections, kinds, places and mistakes: all of Reader but its typed fields (reader_fields.cpp).
#include "config/reader.hpp"

#include <algorithm>

#include "base/nearest_name.hpp"
#include "config/reading.hpp"
#include "config/yaml_writer.hpp"

namespace mlrun::config {

Reader::Reader(std::shared_ptr<Reading> reading, std::shared_ptr<SectionReading> section)
    : reading_(std::move(reading)), section_(std::move(section)) {}

const Node* Reader::find(std::string_view key) const {
  const Node* node = section_->node ? section_->node->find(key) : nullptr;
  return node && !stands_for_default(*node) && section_->dropped.count(std::string(key)) == 0 ? node : nullptr;
}

std::string Reader::path_of(std::string_view key) const {
  return section_->path.empty() ? std::string(key) : fmt::format("{}.{}", section_->path, key);
}

bool Reader::has(std::string_view key) const { return find(key) != nullptr; }
const std::string& Reader::path() const { return section_->path; }
bool Reader::describing() const { return reading_->describing; }

Origin Reader::origin(std::string_view key) const {
  if (const Node* node = find(key)) return node->origin;
  Origin origin;
  origin.is_default = true;
  return origin;
}

void Reader::later(std::string_view key) { reading_->fields.at(reading_->places.at(path_of(key))).later = true; }
void Reader::in_full_only(std::string_view key) {
  reading_->fields.at(reading_->places.at(path_of(key))).in_full_only = true;
}
void Reader::described_by(const std::string& topic) { section_->topic = topic; }

FieldRecord& Reader::declare(std::string_view key, FieldRecord record) {
  record.path = path_of(key);
  record.origin = origin(key);
  if (record.fallback) record.value = *record.fallback;
  section_->keys.insert(std::string(key));
  const auto [place, is_new] = reading_->places.emplace(record.path, reading_->fields.size());
  if (is_new) return reading_->fields.emplace_back(std::move(record));
  return reading_->fields[place->second] = std::move(record);
}

// The node of a declared field, or null when nobody gave it; then a required one is reported.
const Node* Reader::given(std::string_view key, const FieldRecord& record) {
  const Node* node = find(key);
  if (!node && record.required() && !reading_->broken && !reading_->describing) {
    const std::string remedy = fmt::format("{}: {}", key, record.expected);
    reading_->diagnostics.add(section_->origin, section_->length,
                              fmt::format("missing key '{}' {}", key, section_name(*section_)), "add " + remedy,
                              section_topic(*section_));
  }
  return node;
}

bool drop_former(Reading& reading, SectionReading& section, const Node& node, FieldRecord& field) {
  if (!node.of_former_kind) return false;
  section.dropped.insert(node.key);
  reading.dropped.push_back(field.path);
  field.origin = Origin();
  field.origin.is_default = true;
  return true;
}

void Reader::wrong(const Node& node, const std::string& message, const std::string& remedy) {
  reading_->diagnostics.add(node.origin, node.length, message, remedy, section_topic(*section_));
}

// Checks across fields say nothing where one of the fields is wrong by itself.
void Reader::mistake(std::string_view key, const std::string& message, const std::string& remedy) {
  if (reading_->describing || reading_->broken || section_->faulty) return;
  if (const Node* node = find(key)) return wrong(*node, message, remedy);
  const std::string subject = key.empty() ? "" : fmt::format("{} (by default): ", path_of(key));
  reading_->diagnostics.add(section_->origin, section_->length, subject + message, remedy, section_topic(*section_));
}

Reader Reader::section(std::string_view key, std::string_view help) {
  FieldRecord record;
  record.type = FieldType::kSection;
  record.help = help;
  record.expected = "a section (keys and values)";
  declare(key, record);
  const std::string path = path_of(key);
  const auto known = reading_->sections.find(path);
  if (known != reading_->sections.end()) return Reader(reading_, known->second);
  auto section = std::make_shared<SectionReading>();
  section->path = path;
  section->origin = section_->origin;
  section->length = section_->length;
  // Below a section that is wrong as a whole nothing is judged: it must not also be blamed for what it lacks.
  section->judged = section_->judged || section_->node;
  if (const Node* node = find(key)) {
    section->origin = node->key_origin;
    section->length = node->key_length;
    if (node->kind == Node::Kind::kMap) {
      section->node = node;
    } else if (node->of_former_kind) {
      reading_->dropped.push_back(path);
    } else if (node->kind != Node::Kind::kNull || !node->text.empty()) {
      wrong(*node, fmt::format("{}: expected {}, found {}", path, record.expected, found(*node)));
      section->judged = false;
    }
  }
  reading_->sections.emplace(path, section);
  return Reader(reading_, section);
}

void Reader::preset(const std::string& key, const std::string& fallback) { section_->presets[key] = fallback; }

std::string Reader::kind(const Kinds& known, const std::optional<std::string>& fallback, std::string_view help) {
  FieldRecord record;
  record.type = FieldType::kKind;
  record.choices = known;
  record.help = help;
  std::vector<std::string> names;
  for (const auto& [name, summary] : known) names.push_back(name);
  record.expected = fmt::format("one of {}", fmt::join(names, ", "));
  if (fallback) record.fallback = yaml_text(*fallback);
  FieldRecord& field = declare("kind", record);
  const Node* node = section_->judged ? given("kind", field) : nullptr;
  std::string name = fallback.value_or("");
  if (node && node->kind == Node::Kind::kScalar && std::find(names.begin(), names.end(), node->text) != names.end()) {
    name = node->text;
  } else if (node && drop_former(*reading_, *section_, *node, field)) {
    given("kind", field);  // reports what is required
  } else if (node) {
    const std::optional<std::string> nearest =
        node->kind == Node::Kind::kScalar ? nearest_name(node->text, names) : std::nullopt;
    wrong(*node, fmt::format("{}: unknown kind {}", path_of("kind"), found(*node)),
          fmt::format("{}known: {}", nearest ? fmt::format("did you mean '{}'?  ", *nearest) : "",
                      fmt::join(names, ", ")));
    name.clear();
  }
  section_->kind = name;
  if (name.empty()) section_->judged = false;
  else field.value = yaml_text(name);
  return name;
}

void Reader::finish() {
  if (reading_->broken || reading_->describing) {
    if (section_->path.empty() && !reading_->broken) refuse_unknown_overrides(*reading_);
    return;
  }
  refuse_unknown_keys(*reading_, *section_);
  if (section_->path.empty()) refuse_unknown_overrides(*reading_);
}

}  // namespace mlrun::config
