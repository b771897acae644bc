// What a spec may hold: the fields of any path, under whichever kinds have it, and a spec to start from.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/print.hpp"

namespace mlrun {

// The fields a path stands for, in the spec that has them.
struct ReferenceEntry {
  std::vector<std::string> kinds;  // that must be chosen for it: "model.kind=made"; none where every spec has it
  config::Fields fields;           // of the whole spec
  std::string path;                // "model.hidden": a field or a section of it
};

// `path`: a section, a field, or a kind in place of its section's fields: "optim.lr", "model.made", "model.mixer.s4d",
// "model.mixer.state", "model.quantizer.of.codes"; a dot at the end changes nothing. More than one entry where kinds
// differ in the field. Error(kUsage) with the nearest name when nothing fits.
std::vector<ReferenceEntry> reference_of(const std::string& path);

// What may follow "SECTION." in such a path, with its help: fields and sections, under whichever kinds have them, and
// kinds. "": the sections and fields of the spec itself. Nothing where there is no such section.
std::vector<std::pair<std::string, std::string>> names_below(const std::string& section);

// Fields of the spec with `overrides`, and of what else a spec with these kinds needs to be valid: model.kind made and
// data.kind mnist where none is given, and what the kinds themselves say (config/starter.hpp).
// Error(kUsage) for mistakes in the overrides; `places` is what messages call them.
config::Fields starter_spec(const std::vector<std::string>& overrides, const std::vector<std::string>& places);

}  // namespace mlrun
