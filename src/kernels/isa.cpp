#include "kernels/isa.hpp"

#include <hwy/targets.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <cstdlib>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "kernels/onednn.hpp"

namespace mlrun::kernels {
namespace {

constexpr Isa kAll[] = {Isa::kSse4, Isa::kAvx2, Isa::kAvx512, Isa::kAmx};

#if defined(__x86_64__)

// AMX tiles with bf16 products, which the operating system saves: Intel SDM, CPUID leaf 7 and XCR0.
bool cpu_has_amx() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kOsxsave = 1u << 27, kAmxBf16 = 1u << 22, kAmxTile = 1u << 24, kTileState = 3u << 17;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & kOsxsave)) return false;
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !(edx & kAmxBf16) || !(edx & kAmxTile)) return false;
  unsigned enabled = 0, high = 0;
  __asm__("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
  return (enabled & kTileState) == kTileState;
}

// AVX512_BF16: Intel SDM, CPUID leaf 7, subleaf 1.
bool cpu_has_avx512_bf16() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & 1u << 5);
}

Isa detect() {
  const int64_t targets = hwy::SupportedTargets();
  if (targets & HWY_AVX3) return cpu_has_amx() ? Isa::kAmx : Isa::kAvx512;
  return targets & HWY_AVX2 ? Isa::kAvx2 : Isa::kSse4;
}

#else

bool cpu_has_avx512_bf16() { return false; }
Isa detect() { return Isa::kOther; }

#endif

// Highway's targets that go beyond a level. The better one has the lower bit.
int64_t targets_beyond(Isa isa) {
  if (isa == Isa::kSse4) return HWY_SSE4 - 1;
  if (isa == Isa::kAvx2) return HWY_AVX2 - 1;
  return 0;  // no target of Highway's uses AMX
}

}  // namespace

const char* name_of(Isa isa) {
  constexpr const char* kNames[] = {"other", "sse4", "avx2", "avx512", "amx"};
  return kNames[static_cast<size_t>(isa)];
}

Isa isa_of_cpu() {
  static const Isa isa = detect();  // apply_isa_limit() asks before it takes targets away
  return isa;
}

std::optional<Isa> isa_limit() {
  const std::string value = environment_variable("MLRUN_MAX_ISA");
  if (value.empty()) return std::nullopt;
  if (isa_of_cpu() == Isa::kOther) fail(ExitCode::kUsage, "MLRUN_MAX_ISA={}: this is no x86 CPU", value);
  std::string names;
  for (const Isa isa : kAll) {
    if (value == name_of(isa)) return isa;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(isa));
  }
  fail(ExitCode::kUsage, "MLRUN_MAX_ISA={}: expected one of {}", value, names);
}

Isa isa_in_force() { return std::min(isa_of_cpu(), isa_limit().value_or(isa_of_cpu())); }

bool has_bf16_products() {
  const Isa isa = isa_in_force();
  return isa == Isa::kAmx || (isa == Isa::kAvx512 && cpu_has_avx512_bf16());
}

void apply_isa_limit() {
  const std::optional<Isa> limit = isa_limit();
  if (!limit) return;
  if (*limit > isa_of_cpu()) {
    log::warning("MLRUN_MAX_ISA={} limits nothing: this CPU has no more than {}", name_of(*limit),
                 name_of(isa_of_cpu()));
  }
  hwy::DisableTargets(targets_beyond(*limit));
  onednn::limit_isa(*limit);
}

}  // namespace mlrun::kernels
