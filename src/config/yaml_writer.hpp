// Values as YAML text that reads back to the same value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mlrun::config {

// Plain where that is unmistakably text or a number, else in double quotes with escapes. `word`: a text equal to it is
// quoted, since plain it would mean something else.
std::string yaml_text(std::string_view text, std::string_view word = "");
// One of the names of a choice: as a text, but true and false stay YAML's own words, so that a field that once was a
// boolean keeps its values.
std::string yaml_choice(const std::string& name);
std::string yaml_list(const std::vector<std::string>& items);  // items already as YAML: "[1, 2]"

}  // namespace mlrun::config
