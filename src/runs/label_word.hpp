// What a group, a tag or a name of a run may be: a word that can be typed as @group:WORD@best.
#pragma once

#include <string>

namespace mlrun {

// Error(kUsage) unless `word` is one. `what`: "group", "tag" or "name"; `place`: where it stands, "spec.yaml:3", or "".
void require_label_word(const char* what, const std::string& word, const std::string& place = "");

}  // namespace mlrun
