// Files that a newer mlrun wrote: this one may lack what they need, and says so.
#pragma once

#include <string>

namespace mlrun {

// Whether `version` ("0.2.0") is later than that of this program: numbers between dots, compared in turn. What is no
// version ("") is not.
bool is_newer_version(const std::string& version);

// "written by mlrun 0.2.0, and this is 0.1.0, which is older"
std::string newer_version_words(const std::string& version);

}  // namespace mlrun
