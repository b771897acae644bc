// What can be printed of the declared fields of a spec (Document::declared()), after reading it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/field.hpp"

namespace mlrun::config {

using Fields = std::vector<FieldRecord>;

// The complete spec as YAML: every field with its effective value, in declared order, numbers in the shortest form that
// reads back to the same value. Read again by the same readers it gives the same values. `with_origin` appends an
// aligned comment: "# default", "# configs/made.yaml:14", "# argument 3".
std::string resolved_yaml(const Fields& fields, bool with_origin = false);

// One "path: value" line per field, sorted by path, for the fingerprint: it does not depend on the order of reading, on
// what was written and what was default, or on how a number was written. `excluded`: paths of fields or of whole
// sections.
std::string canonical_text(const Fields& fields, const std::vector<std::string>& excluded = {});

// The reference for people, in the shape of a spec: type, range, default and help of each field. `path` limits it to a
// field or section ("" for all); empty text when there is no such path.
std::string schema_text(const Fields& fields, const std::string& path = "");

// JSON Schema (draft 2020-12) of the same fields, for programs that make specs.
nlohmann::ordered_json json_schema(const Fields& fields, const std::string& title = "mlrun spec");
// The same of one field that is no section, as it is written in YAML 1.1 or 1.2.
nlohmann::ordered_json json_schema_of(const FieldRecord& field);

// Fields whose values differ between two specs; "" where a spec has no such field. In the order of `left`, then of
// `right`.
struct Difference {
  std::string path, left, right;
};
std::vector<Difference> differences(const Fields& left, const Fields& right);

}  // namespace mlrun::config
