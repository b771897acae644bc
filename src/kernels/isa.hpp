// Which instruction sets the kernels use: the CPU's, or fewer by the environment variable MLRUN_MAX_ISA, so that one
// machine can be tested as another. Bits of results depend on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mlrun::kernels {

// In order: each has the ones before it. AMX are the matrix units of some AVX-512 CPUs.
enum class Isa : uint8_t { kSse4, kAvx2, kAvx512, kAmx };
const char* name_of(Isa isa);  // "sse4", "avx2", "avx512", "amx": the values of MLRUN_MAX_ISA

Isa isa_of_cpu();
std::optional<Isa> isa_limit();  // what MLRUN_MAX_ISA says; Error(kUsage) where it is none of the names
Isa isa_in_force();              // the CPU's, or the limit where that is less
// Makes oneDNN and the hand-written kernels keep to isa_limit(). Once in a process, before its first kernel. A limit
// above the CPU's own instruction sets changes nothing, and is warned of.
void apply_isa_limit();

}  // namespace mlrun::kernels
