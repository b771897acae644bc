#include "config/print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/field_tree.hpp"
#include "config/unicode.hpp"

namespace mlrun::config {
namespace {

constexpr size_t kMaxAligned = 48;  // a longer line does not push all comments to the right

struct Line {
  std::string text, comment;
};

// Lines with their comments in one column.
std::string aligned(const std::vector<Line>& lines) {
  size_t column = 0;
  for (const Line& line : lines)
    if (const size_t width = characters(line.text); width <= kMaxAligned && !line.comment.empty())
      column = std::max(column, width);
  std::string out;
  for (const Line& line : lines) {
    out += line.text;
    if (!line.comment.empty()) {
      const size_t width = characters(line.text);
      out += std::string(width < column ? column - width : 0, ' ') + "  # " + line.comment;
    }
    out += '\n';
  }
  return out;
}

// Is this the field itself, or one of its section?
bool is_within(const std::string& path, const std::string& section) {
  return path.starts_with(section) && (path.size() == section.size() || path[section.size()] == '.');
}

bool is_excluded(const std::string& path, const std::vector<std::string>& excluded) {
  return std::any_of(excluded.begin(), excluded.end(),
                     [&](const std::string& section) { return is_within(path, section); });
}

void resolve(const FieldTree& tree, size_t depth, bool with_origin, std::vector<Line>& lines) {
  const std::string indent(2 * depth, ' ');
  for (const FieldTree& child : tree.children) {
    if (child.record && child.record->type != FieldType::kSection) {
      if (child.record->value.empty()) continue;  // required, and missing
      // A file's name may hold anything, but a comment ends with its line.
      std::string place = with_origin ? child.record->origin.print_line() : "";
      std::replace(place.begin(), place.end(), '\n', ' ');
      lines.push_back({fmt::format("{}{}: {}", indent, child.name, child.record->value), place});
      continue;
    }
    const size_t before = lines.size();
    lines.push_back({fmt::format("{}{}:", indent, child.name), ""});
    resolve(child, depth + 1, with_origin, lines);
    if (lines.size() == before + 1) lines.back().text += " {}";
  }
}

std::string schema_comment(const FieldRecord& field) {
  std::string text = field.expected;
  if (!field.unit.empty()) text += fmt::format(" [{}]", field.unit);
  text += field.fallback ? fmt::format("; default {}", *field.fallback) : "; required";
  if (!field.help.empty()) text += ". " + field.help;
  return text;
}

void describe(const FieldTree& tree, size_t depth, std::vector<Line>& lines) {
  const std::string indent(2 * depth, ' ');
  for (const FieldTree& child : tree.children) {
    if (!child.record || child.record->type == FieldType::kSection) {
      lines.push_back({fmt::format("{}{}:", indent, child.name), child.record ? child.record->help : ""});
      describe(child, depth + 1, lines);
      continue;
    }
    const FieldRecord& field = *child.record;
    const std::string value = field.value.empty() ? "..." : field.value;
    lines.push_back({fmt::format("{}{}: {}", indent, child.name, value), schema_comment(field)});
    size_t width = 0;
    for (const auto& [name, summary] : field.choices) width = std::max(width, name.size());
    for (const auto& [name, summary] : field.choices)
      if (!summary.empty()) lines.push_back({fmt::format("{}# {:<{}}  {}", indent, name, width, summary), ""});
  }
}

}  // namespace

std::string resolved_yaml(const Fields& fields, bool with_origin) {
  std::vector<Line> lines;
  resolve(field_tree(fields), 0, with_origin, lines);
  return aligned(lines);
}

std::string canonical_text(const Fields& fields, const std::vector<std::string>& excluded) {
  std::map<std::string, std::string> sorted;
  for (const FieldRecord& field : fields)
    if (field.type != FieldType::kSection && !is_excluded(field.path, excluded)) sorted[field.path] = field.value;
  std::string out;
  for (const auto& [path, value] : sorted) out += fmt::format("{}: {}\n", path, value);
  return out;
}

std::string schema_text(const Fields& fields, const std::string& path) {
  Fields wanted;
  for (const FieldRecord& field : fields)
    if (path.empty() || is_within(field.path, path) || is_within(path, field.path)) wanted.push_back(field);
  const bool known = path.empty() || std::any_of(fields.begin(), fields.end(),
                                                 [&](const FieldRecord& field) { return field.path == path; });
  if (!known) return "";
  std::vector<Line> lines;
  describe(field_tree(wanted), 0, lines);
  return aligned(lines);
}

namespace {

// What a spec has where it does not say it: a field that came later has its default there (Reader::later).
std::string unsaid(const FieldRecord& there) { return there.later && there.fallback ? *there.fallback : ""; }

}  // namespace

std::vector<Difference> differences(const Fields& left, const Fields& right) {
  std::map<std::string, std::string> in_left, in_right;
  for (const FieldRecord& field : left) in_left[field.path] = field.value;
  for (const FieldRecord& field : right) in_right[field.path] = field.value;
  std::vector<Difference> out;
  for (const FieldRecord& field : left) {
    const auto other = in_right.find(field.path);
    const std::string value = other == in_right.end() ? unsaid(field) : other->second;
    if (value != field.value) out.push_back({field.path, field.value, value});
  }
  for (const FieldRecord& field : right)
    if (in_left.count(field.path) == 0 && field.value != unsaid(field))
      out.push_back({field.path, unsaid(field), field.value});
  return out;
}

}  // namespace mlrun::config
