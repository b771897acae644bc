#include "experiment/spec_reference.hpp"

#include <algorithm>
#include <map>

#include "base/advice.hpp"
#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "config/starter.hpp"
#include "experiment/experiment.hpp"

namespace mlrun {
namespace {

using Kinds = std::map<std::string, std::string>;  // "model.kind" -> "made"

const Kinds kDefaultKinds = {{"data.kind", "mnist"}, {"model.kind", "made"}};

config::Fields fields_with(const Kinds& chosen) {
  std::vector<std::string> overrides;
  for (const Kinds* kinds : {&chosen, &kDefaultKinds}) {
    for (const auto& [path, kind] : *kinds)
      if (kinds == &chosen || !chosen.contains(path)) overrides.push_back(path + "=" + kind);
  }
  return describe_spec(overrides);
}

const config::FieldRecord* find(const config::Fields& fields, const std::string& path) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.path == path; });
  return found == fields.end() ? nullptr : &*found;
}

std::string below(const std::string& section, const std::string& name) {
  return section.empty() ? name : section + "." + name;
}

bool has_field(const std::string& data_kind, const std::string& path) {
  if (!dataset_kinds().kinds().contains(data_kind)) return false;  // reported where the spec is read
  return find(fields_with({{"data.kind", data_kind}}), path) != nullptr;
}

// Follows the parts of a path through sections, and through the kinds under which they exist.
class Walk {
 public:
  explicit Walk(std::vector<std::string> parts) : parts_(std::move(parts)) {}

  std::vector<ReferenceEntry> run() {
    follow(0, "", {});
    return std::move(found_);
  }
  const std::vector<std::string>& known() const { return known_; }  // names where the path went astray

 private:
  void follow(size_t i, const std::string& section, const Kinds& chosen) {
    const config::Fields fields = fields_with(chosen);
    if (i == parts_.size()) return add(chosen, fields, section);
    const std::string next = below(section, parts_[i]), kind_path = below(section, "kind");
    const config::FieldRecord* kind = find(fields, kind_path);
    const bool open = kind && !chosen.contains(kind_path);  // the path has not said which kind
    if (find(fields, next) && (!open || next == kind_path)) return follow(i + 1, next, chosen);
    remember(fields, section);
    if (!open) return;
    const size_t before = found_.size();
    for (const auto& [name, summary] : kind->choices) {
      Kinds with = chosen;
      with[kind_path] = name;
      if (name == parts_[i] && !find(fields_with(with), next)) follow(i + 1, section, with);
    }
    if (found_.size() > before) return;
    for (const auto& [name, summary] : kind->choices) {
      Kinds with = chosen;
      with[kind_path] = name;
      const config::Fields with_kind = fields_with(with);
      if (find(with_kind, next)) follow(i + 1, next, with);
      remember(with_kind, section);
    }
  }

  // Kinds that agree in all that is asked for are one entry.
  void add(const Kinds& chosen, const config::Fields& fields, const std::string& path) {
    const std::string text = config::schema_text(fields, path);
    std::vector<std::string> kinds;
    for (const auto& [kind_path, kind] : chosen) kinds.push_back(kind_path + "=" + kind);
    const auto same = std::find(texts_.begin(), texts_.end(), text);
    if (same != texts_.end()) {
      auto& of_same = found_[static_cast<size_t>(same - texts_.begin())].kinds;
      for (const std::string& kind : kinds)
        if (std::find(of_same.begin(), of_same.end(), kind) == of_same.end()) of_same.push_back(kind);
      return;
    }
    texts_.push_back(text);
    found_.push_back({kinds, fields, path});
  }

  void remember(const config::Fields& fields, const std::string& section) {
    for (const config::FieldRecord& field : fields) {
      const size_t dot = field.path.rfind('.');
      if ((dot == std::string::npos ? "" : field.path.substr(0, dot)) != section) continue;
      known_.push_back(field.path);
      if (field.type == config::FieldType::kKind)
        for (const auto& [name, summary] : field.choices) known_.push_back(below(section, name));
    }
  }

  std::vector<std::string> parts_, known_, texts_;
  std::vector<ReferenceEntry> found_;
};

}  // namespace

std::vector<ReferenceEntry> reference_of(const std::string& path) {
  std::vector<std::string> parts;
  std::string text = path;
  if (text.ends_with('.')) text.pop_back();
  for (size_t begin = 0; !text.empty() && begin <= text.size();) {
    const size_t end = std::min(text.find('.', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  Walk walk(parts);
  std::vector<ReferenceEntry> found = walk.run();
  if (!found.empty()) return found;
  const auto nearest = nearest_name(text, walk.known());
  fail(ExitCode::kUsage, "the spec has no '{}'{}\n  all of it   {}", path,
       nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", advice::command({"config", "schema"}));
}

std::vector<std::pair<std::string, std::string>> names_below(const std::string& section) {
  std::vector<std::pair<std::string, std::string>> names;
  const auto add = [&](const std::string& path, const std::string& help) {
    if (std::none_of(names.begin(), names.end(), [&](const auto& known) { return known.first == path; }))
      names.emplace_back(path, help);
  };
  const auto add_fields = [&](const config::Fields& fields, const std::string& of) {
    for (const config::FieldRecord& field : fields) {
      const size_t dot = field.path.rfind('.');
      if ((dot == std::string::npos ? "" : field.path.substr(0, dot)) != of) continue;
      const std::string name = dot == std::string::npos ? field.path : field.path.substr(dot + 1);
      add(below(section, name), field.help);
    }
  };
  std::vector<ReferenceEntry> entries;
  try {
    entries = reference_of(section);
  } catch (const Error&) {  // no such section
    return names;
  }
  for (const ReferenceEntry& entry : entries) {
    add_fields(entry.fields, entry.path);
    const config::FieldRecord* kind = find(entry.fields, below(entry.path, "kind"));
    const bool chosen = std::any_of(entry.kinds.begin(), entry.kinds.end(), [&](const std::string& text) {
      return text.starts_with(below(entry.path, "kind="));
    });
    if (!kind || chosen) continue;
    for (const auto& [name, summary] : kind->choices) {
      add(below(section, name), summary);
      if (entry.path.find('.') != std::string::npos) continue;  // of nested kinds the kind is named first
      add_fields(fields_with({{kind->path, name}}), entry.path);
    }
  }
  return names;
}

config::Fields starter_spec(const std::vector<std::string>& overrides, const std::vector<std::string>& places) {
  Kinds kinds = kDefaultKinds;
  for (const std::string& text : overrides) {
    const size_t equals = text.find('=');
    if (text.substr(0, equals).ends_with("kind")) kinds[text.substr(0, equals)] = text.substr(equals + 1);
  }
  std::vector<std::string> all, from;
  const auto add = [&](const std::string& text, const std::string& place) {
    all.push_back(text);
    from.push_back(place);
  };
  for (const auto& [path, kind] : kDefaultKinds) add(path + "=" + kinds[path], "the default");
  for (const auto& [path, kind] : kinds) {
    const std::string section = path.substr(0, path.rfind('.') + 1);
    const std::string choice = path + "=" + kind;
    for (const std::string& text : config::starter_of(choice)) {
      // What a kind asks of the data counts where these data have such a field.
      if (text.starts_with(section) || has_field(kinds["data.kind"], text.substr(0, text.find('=')))) add(text, kind);
    }
  }
  for (size_t i = 0; i < overrides.size(); ++i) add(overrides[i], places[i]);
  const config::Document document = config::Document::from_text("", "a new spec", all, {}, from);
  const ExperimentSpec spec(document.root());
  document.root().finish();
  document.diagnostics().throw_if_any();
  return document.declared();
}

}  // namespace mlrun
