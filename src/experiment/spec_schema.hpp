// What a spec may hold, as a JSON Schema (draft 2020-12): for editors, which complete and underline by it, and for any
// validator.
#pragma once

#include <nlohmann/json.hpp>

namespace mlrun {

// All kinds of every section, recursively: which other keys a section may have follows from its `kind` (if/then). A
// section without one, which `extends` allows, may have the keys of any kind. Keys that are required are not asked for
// in files that extend another. What needs more than one key to judge is left to `mlrun validate`.
nlohmann::ordered_json spec_schema();

}  // namespace mlrun
