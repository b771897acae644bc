#include "io/library.hpp"

#include <fmt/format.h>

#include "io/hdf5/library.hpp"

namespace mlrun::io {

std::string hdf5_version() {
  const Hdf5Session session;  // even this question starts the library, which must be set up first
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace mlrun::io
