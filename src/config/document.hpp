// A spec: a YAML file with its `extends` resolved, then changed by the command line's `a.b=c`.
//
// YAML is read by yaml-cpp as a parser only, and strictly: see yaml_parser.hpp for what is refused.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/diagnostics.hpp"
#include "config/reader.hpp"

namespace mlrun::config {

// A handle, like Reader.
class Document {
 public:
  // The file at `path`; `extends: base.yaml` in it is relative to it (maps merge, lists and values replace; at most 8
  // deep). Overrides are "a.b=value": value is a word, "1,2" or "[1, 2]" for a list, "{k: v}" for a map; the field that
  // reads it decides its type. The word `default`, here and in files, takes a key back to its default (quoted it is a
  // text). Another kind of a section (`model.kind=nade`), by override or `extends`, keeps the keys that the new kind
  // has too and drops the others. `places` says where each override stood: "argument 3" (with the number), or a label
  // such as
  // "--seed"; when empty they are arguments 1, 2, ... Mistakes, even a missing file, go to `diagnostics`.
  static Document load(const std::string& path, const std::vector<std::string>& overrides, Diagnostics diagnostics,
                       const std::vector<std::string>& places = {});
  // The same for a text that has no folder (so `extends` is refused); `name` is what messages call it.
  static Document from_text(const std::string& text, const std::string& name, const std::vector<std::string>& overrides,
                            Diagnostics diagnostics, const std::vector<std::string>& places = {});
  // No spec, for describing the schema: missing fields are no mistakes. Overrides choose kinds ("model.kind=made").
  static Document empty(const std::vector<std::string>& overrides = {}, Diagnostics diagnostics = {});

  Reader root() const;
  Diagnostics diagnostics() const;
  // Every field read so far, in the order of first reading, with its value and where that came from.
  const std::vector<FieldRecord>& declared() const;
  // What was read otherwise than it was written, a line each: keys that a replaced kind left behind. Complete after
  // finish() of the root.
  std::vector<std::string> notes() const;

 private:
  explicit Document(std::shared_ptr<Reading> reading);
  std::shared_ptr<Reading> reading_;
};

}  // namespace mlrun::config
