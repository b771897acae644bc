#include "kernels/vector/bf16.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "kernels/every_target.hpp"

using namespace mlrun;

TEST_CASE("f32 is rounded to the nearest bf16, of two equally near ones to the even one, and NaN stays NaN") {
  on_every_target([] {
    const auto of = [](uint32_t bits) {
      float f;
      std::memcpy(&f, &bits, sizeof f);
      return f;
    };
    std::vector<float> x = {1.0f,  of(0x3F808000), of(0x3F818000), of(0x3F808001), of(0x3F807FFF), of(0xBF818000),
                            -0.0f, of(0x7F7FFFFF), 3.0e-38f,       of(0x7F800000), of(0xFF800000)};
    const std::vector<uint16_t> want = {0x3F80, 0x3F80, 0x3F82, 0x3F81, 0x3F80, 0xBF82,
                                        0x8000, 0x7F80, 0x0123, 0x7F80, 0xFF80};
    for (int i = 0; i < 3; ++i) x.insert(x.end(), x.begin(), x.end());
    Tensor numbers({static_cast<int64_t>(x.size())});
    std::memcpy(numbers.raw(), x.data(), numbers.bytes());
    const Tensor found = kernels::to_bf16(numbers);
    REQUIRE(found.dtype() == DType::kBF16);
    for (size_t i = 0; i < x.size(); ++i) CHECK(found.data<uint16_t>()[i] == want[i % want.size()]);
    for (const uint32_t nan : {0x7FC00000u, 0xFFC00000u, 0x7FFFFFFFu, 0xFFFFFFFFu, 0x7F800001u}) {
      const Tensor y = kernels::to_bf16(Tensor::full({19}, of(nan)));
      for (int i = 0; i < 19; ++i) {
        const uint16_t bits = y.data<uint16_t>()[i];
        CHECK(((bits & 0x7F80) == 0x7F80 && (bits & 0x7F) != 0));
      }
    }
  });
}
