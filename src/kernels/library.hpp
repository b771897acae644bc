// Which oneDNN this process runs on, and for which instructions it generates code.
#pragma once

#include <string>

namespace mlrun::kernels {

std::string library_version();  // "2.6.3"
std::string library_isa();      // "avx512_core_bf16"

}  // namespace mlrun::kernels
