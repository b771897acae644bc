#include "io/hdf5/library.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace mlrun::io {
namespace {

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

void start_library() {
  // HDF5 1.14 takes its default driver from here, and makes no file at all where that names none. Ours name their own.
  ::unsetenv("HDF5_DRIVER");
  H5dont_atexit();  // must come before the library starts; its handler can crash, and no file of ours is left to it
  H5open();
  H5PLset_loading_state(0);  // a filter named by a file must not load code
  unsigned paths = 0;
  while (H5PLsize(&paths) >= 0 && paths > 0 && H5PLremove(0) >= 0) {
  }
}

}  // namespace

Hdf5Session::Hdf5Session() : lock_(library_mutex()) {
  static const bool started = (start_library(), true);
  static_cast<void>(started);
  thread_local bool quiet = false;  // thread-safe builds keep this setting per thread
  if (!std::exchange(quiet, true)) H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::string hdf5_reason() {
  std::string text;
  const auto take_first = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
    if (error->desc) *static_cast<std::string*>(out) = error->desc;
    return 1;  // the innermost is the cause
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &text);
  return text.empty() ? "HDF5 gives no reason" : text;
}

std::string fresh_image_name() {
  static std::atomic<uint64_t> count{0};
  return fmt::format("/dev/null/image-{}", count++);  // a name no file can have
}

}  // namespace mlrun::io
