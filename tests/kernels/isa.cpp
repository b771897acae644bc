#include "kernels/isa.hpp"
#include "catch.hpp"

#include <hwy/targets.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "kernels/library.hpp"

using namespace mlrun;
using kernels::Isa;

namespace {

// MLRUN_MAX_ISA for the length of a scope. What oneDNN and Highway do was settled when this program began.
struct MaxIsa {
  explicit MaxIsa(const char* value) { setenv("MLRUN_MAX_ISA", value, 1); }
  ~MaxIsa() {
    if (before) setenv("MLRUN_MAX_ISA", before->c_str(), 1);
    else unsetenv("MLRUN_MAX_ISA");
  }
  std::optional<std::string> before =
      std::getenv("MLRUN_MAX_ISA") ? std::optional<std::string>(std::getenv("MLRUN_MAX_ISA")) : std::nullopt;
};

}  // namespace

TEST_CASE("oneDNN and the hand-written kernels keep to the instruction set in force") {
  const Isa isa = kernels::isa_in_force();
  if (isa == Isa::kOther) return;  // nothing to choose from
  const std::string onednn = kernels::library_isa();
  const int64_t targets = hwy::SupportedTargets();
  INFO(name_of(isa) << ", oneDNN " << onednn << ", Highway's targets " << targets);
  CHECK((onednn.rfind("avx512", 0) == 0) == (isa >= Isa::kAvx512));
  CHECK((onednn.find("amx") != std::string::npos) == (isa == Isa::kAmx));
  CHECK((onednn.rfind("avx", 0) == 0) == (isa >= Isa::kAvx2));
  CHECK(((targets & HWY_AVX3) != 0) == (isa >= Isa::kAvx512));
  CHECK(((targets & HWY_AVX2) != 0) == (isa >= Isa::kAvx2));
}

TEST_CASE("a limit is one of the names, and the instruction set in force is the lesser of limit and CPU") {
  if (kernels::isa_of_cpu() == Isa::kOther) {
    const MaxIsa limit("avx2");
    CHECK_THROWS_AS(kernels::isa_limit(), Error);
    return;
  }
  for (const Isa isa : {Isa::kSse4, Isa::kAvx2, Isa::kAvx512, Isa::kAmx}) {
    const MaxIsa limit(name_of(isa));
    CHECK(kernels::isa_limit() == isa);
    CHECK(kernels::isa_in_force() == std::min(isa, kernels::isa_of_cpu()));
  }
  {
    const MaxIsa none("");
    CHECK_FALSE(kernels::isa_limit());
    CHECK(kernels::isa_in_force() == kernels::isa_of_cpu());
  }
  for (const char* wrong : {"AVX2", "avx", "avx2 ", "2"}) {
    const MaxIsa limit(wrong);
    CHECK_THROWS_WITH(kernels::isa_limit(),
                      "MLRUN_MAX_ISA=" + std::string(wrong) + ": expected one of sse4, avx2, avx512, amx");
  }
}
