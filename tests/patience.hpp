// How many times longer than usual a test may wait: 1, or what the build says of itself (sanitizers take their time).
#pragma once

#include <cstdlib>

namespace mlrun::test {

inline double patience() {
  const char* factor = std::getenv("MLRUN_PATIENCE");
  return factor ? std::atof(factor) : 1;
}

}  // namespace mlrun::test
