// Which instruction sets the kernels use: the CPU's, or fewer by the environment variable MLRUN_MAX_ISA, so that one
// machine can be tested as another. Bits of results depend on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mlrun::kernels {

// Of x86, in order: each has the ones before it. AMX are the matrix units of some AVX-512 CPUs. Another architecture is
// kOther, and cannot be limited.
enum class Isa : uint8_t { kOther, kSse4, kAvx2, kAvx512, kAmx };
const char* name_of(Isa isa);  // "other", and the values of MLRUN_MAX_ISA: "sse4", "avx2", "avx512", "amx"

Isa isa_of_cpu();
std::optional<Isa> isa_limit();  // what MLRUN_MAX_ISA says; Error(kUsage) where that is none of its values
Isa isa_in_force();              // the CPU's, or the limit where that is less
// Whether the instruction sets in force multiply numbers in bf16 (AVX-512 BF16, or AMX), faster than those in f32.
bool has_bf16_products();
// Makes oneDNN and the hand-written kernels keep to isa_limit(). Once in a process, before its first kernel. A limit
// above the CPU's own instruction sets changes nothing, and is warned of.
void apply_isa_limit();

}  // namespace mlrun::kernels
