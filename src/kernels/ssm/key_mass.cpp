#include "kernels/ssm/key_mass.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/key_mass.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/vector/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using simd::Floats;
using simd::V;

constexpr float kEpsilon = 1e-6f;  // where no key is like the query, the answer is 0

// One position: z += k, and y = u / mass; the masses of the heads are left in `mass`.
void position(const KeyMassShape& shape, const float* q, const float* k, const float* u, float* z, float* y,
              float* mass) {
  const Floats d;
  for (int64_t h = 0; h < shape.heads; ++h) {
    V dot = hn::Zero(d);
    simd::each_vector(shape.keys, [&](int64_t n, int64_t valid) HWY_ATTR {
      const V sum = hn::Add(simd::load(z + n, valid), simd::load(k + n, valid));
      simd::store(sum, z + n, valid);
      dot = hn::MulAdd(simd::load(q + n, valid), sum, dot);
    });
    mass[h] = hn::GetLane(hn::SumOfLanes(d, dot)) + kEpsilon;
    const V over = hn::Set(d, 1.0f / mass[h]);
    simd::map(u, y, shape.values, [over](V x) HWY_ATTR { return hn::Mul(x, over); });
    q += shape.keys, k += shape.keys, z += shape.keys, u += shape.values, y += shape.values;
  }
}

// The gradients of u, q and the mass at one position, where z are the sums up to it.
void position_gradient(const KeyMassShape& shape, const float* k, const float* y, const float* dy, const float* mass,
                       float* z, float* du, float* dq, float* d_mass) {
  const Floats d;
  for (int64_t h = 0; h < shape.heads; ++h) {
    const float over = 1.0f / mass[h];
    const V by = hn::Set(d, over);
    V dot = hn::Zero(d);
    simd::each_vector(shape.values, [&](int64_t n, int64_t valid) HWY_ATTR {
      const V g = simd::load(dy + n, valid);
      dot = hn::MulAdd(g, simd::load(y + n, valid), dot);
      simd::store(hn::Mul(g, by), du + n, valid);
    });
    d_mass[h] = -hn::GetLane(hn::SumOfLanes(d, dot)) * over;
    const V change = hn::Set(d, d_mass[h]);
    simd::each_vector(shape.keys, [&](int64_t n, int64_t valid) HWY_ATTR {
      const V sum = hn::Add(simd::load(z + n, valid), simd::load(k + n, valid));
      simd::store(sum, z + n, valid);
      simd::store(hn::Mul(change, sum), dq + n, valid);
    });
    k += shape.keys, z += shape.keys, dq += shape.keys, y += shape.values, dy += shape.values, du += shape.values;
  }
}

// rest += d_mass q, from the last position backwards: the gradient of the key there.
void key_gradient(const KeyMassShape& shape, const float* q, const float* d_mass, float* rest, float* dk) {
  for (int64_t h = 0; h < shape.heads; ++h) {
    const V change = hn::Set(Floats(), d_mass[h]);
    simd::each_vector(shape.keys, [&](int64_t n, int64_t valid) HWY_ATTR {
      const V sum = hn::MulAdd(change, simd::load(q + n, valid), simd::load(rest + n, valid));
      simd::store(sum, rest + n, valid);
      simd::store(sum, dk + n, valid);
    });
    q += shape.keys, rest += shape.keys, dk += shape.keys;
  }
}

void forward(const KeyMassShape& shape, const float* q, const float* k, const float* u, float* z, float* y,
             float* mass) {
  const int64_t keys = shape.heads * shape.keys, values = shape.heads * shape.values;
  for (int64_t t = 0; t < shape.length; ++t)
    position(shape, q + t * keys, k + t * keys, u + t * values, z, y + t * values, mass + t * shape.heads);
}

void backward(const KeyMassShape& shape, const float* q, const float* k, const float* y, const float* mass,
              const float* dy, float* z, float* rest, float* d_mass, const KeyMassGradient& to) {
  const int64_t keys = shape.heads * shape.keys, values = shape.heads * shape.values;
  for (int64_t t = 0; t < shape.length; ++t) {
    position_gradient(shape, k + t * keys, y + t * values, dy + t * values, mass + t * shape.heads, z,
                      to.u + t * values, to.q + t * keys, d_mass + t * shape.heads);
  }
  for (int64_t t = shape.length - 1; t >= 0; --t)
    key_gradient(shape, q + t * keys, d_mass + t * shape.heads, rest, to.k + t * keys);
}

}  // namespace
}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <vector>

#include "kernels/profile.hpp"

namespace mlrun::kernels {

HWY_EXPORT(position);
HWY_EXPORT(forward);
HWY_EXPORT(backward);

void divide_by_key_mass(const KeyMassShape& shape, const float* q, const float* k, const float* u, float* y,
                        float* mass) {
  const int64_t keys = shape.heads * shape.keys, values = shape.heads * shape.values;
  const profile::Scope scope("key mass", "own", 0,
                             static_cast<double>(shape.sequences * shape.length * 8 * (keys + values)));
  for (int64_t i = 0; i < shape.sequences; ++i) {
    const int64_t row = i * shape.length;
    std::vector<float> z(static_cast<size_t>(keys));
    HWY_DYNAMIC_DISPATCH(forward)
    (shape, q + row * keys, k + row * keys, u + row * values, z.data(), y + row * values, mass + row * shape.heads);
  }
}

void divide_by_key_mass_gradient(const KeyMassShape& shape, const float* q, const float* k, const float* y,
                                 const float* mass, const float* dy, const KeyMassGradient& to) {
  const int64_t keys = shape.heads * shape.keys, values = shape.heads * shape.values;
  const profile::Scope scope("key mass gradient", "own", 0,
                             static_cast<double>(shape.sequences * shape.length * (16 * keys + 12 * values)));
  std::vector<float> d_mass(static_cast<size_t>(shape.length * shape.heads));
  for (int64_t i = 0; i < shape.sequences; ++i) {
    const int64_t row = i * shape.length;
    std::vector<float> z(static_cast<size_t>(keys)), rest(static_cast<size_t>(keys));
    HWY_DYNAMIC_DISPATCH(backward)
    (shape, q + row * keys, k + row * keys, y + row * values, mass + row * shape.heads, dy + row * values, z.data(),
     rest.data(), d_mass.data(), {to.q + row * keys, to.k + row * keys, to.u + row * values});
  }
}

void divide_by_key_mass_step(const KeyMassShape& shape, const float* q, const float* k, const float* u, float* z,
                             float* y) {
  std::vector<float> mass(static_cast<size_t>(shape.heads));
  HWY_DYNAMIC_DISPATCH(position)(shape, q, k, u, z, y, mass.data());
}

}  // namespace mlrun::kernels
#endif
