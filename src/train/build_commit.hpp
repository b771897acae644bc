// The commit that this program was built from.
#pragma once

namespace mlrun {

// "0efed48b5c1d", with "-dirty" behind it where files had been changed since; "" where there was no git to ask.
// Its definition is made anew by every build (scripts/build_commit.cmake).
extern const char* const kBuildCommit;

}  // namespace mlrun
