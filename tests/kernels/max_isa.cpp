// Part of every test program that reaches the kernels: MLRUN_MAX_ISA holds for its tests as it holds for mlrun.
#include <cstdio>
#include <cstdlib>

#include "base/error.hpp"
#include "kernels/isa.hpp"

namespace {

[[maybe_unused]] const bool applied = [] {
  try {
    mlrun::kernels::apply_isa_limit();
  } catch (const mlrun::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    std::exit(static_cast<int>(e.code()));
  }
  return true;
}();

}  // namespace
