#include "autograd/tape.hpp"

#include <limits>

#include "base/error.hpp"
#include "catch.hpp"
#include "kernels/vector/broadcast.hpp"
#include "kernels/vector/elementwise.hpp"
#include "kernels/vector/reduce.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {
namespace {

using test::difference;

// The few ops these tests need, written as an op is written.
Variable add(const Variable& a, const Variable& b) {  // hands dy itself to both inputs: the aliasing trap
  return record(kernels::add(a.value(), b.value()),
                {{a, [](const Tensor& dy) { return dy; }}, {b, [](const Tensor& dy) { return dy; }}});
}

Variable mul(const Variable& a, const Variable& b) {
  const Tensor A = a.value(), B = b.value();
  return record(kernels::mul(A, B), {{a, [B](const Tensor& dy) { return kernels::mul(dy, B); }},
                                     {b, [A](const Tensor& dy) { return kernels::mul(dy, A); }}});
}

Variable scale(const Variable& x, float a) {
  return record(kernels::affine(x.value(), a), {{x, Rule::into([a](const Tensor& dy, Destination& to) {
                                                   if (to.accumulate)
                                                     kernels::add_to(to.tensor, kernels::affine(dy, a));
                                                   else to.tensor.copy_from(kernels::affine(dy, a));
                                                 })}});
}

Variable total(const Variable& x) {
  return record(kernels::sum(x.value().reshape({-1}), {0}),
                {{x, [s = x.shape()](const Tensor& dy) { return Tensor::full(s, *dy.data<float>()); }}});
}

// 2 a + 3 b by one rule.
Variable joint(const Variable& a, const Variable& b, int* calls = nullptr) {
  Tensor y = kernels::affine(a.value(), 2.0f);
  kernels::add_to(y, kernels::affine(b.value(), 3.0f));
  return record_joint(y, {a, b}, [calls](const Tensor& dy, std::vector<Destination>& to) {
    if (calls) ++*calls;
    for (size_t i = 0; i < 2; ++i) {
      if (!to[i].needed) continue;
      const float factor = i == 0 ? 2.0f : 3.0f;
      if (to[i].accumulate) kernels::add_to(to[i].tensor, kernels::affine(dy, factor));
      else to[i].tensor.copy_from(kernels::affine(dy, factor));
    }
  });
}

const Tensor kX = Tensor::of({3}, {1, 2, 3});
using Numbers = std::vector<double>;

}  // namespace

TEST_CASE("a variable used twice by one op gets both parts of its gradient") {
  Tape tape;
  const Variable x = tape.leaf(kX);
  tape.backward(total(mul(x, x)));
  CHECK(difference(x.gradient(), Numbers{2, 4, 6}) == 0);
}

TEST_CASE("a gradient that was handed on is not changed by what is added to it later") {
  // add gives the same dy to a, b and c; a then gets more, which must not show in b or c.
  Tape tape;
  const Variable a = tape.leaf(kX), b = tape.leaf(kX), c = tape.leaf(kX);
  const Variable more = scale(a, 10);  // recorded first, so its part arrives last
  const Variable y = add(add(a, b), c);
  tape.backward(total(add(y, more)));
  CHECK(difference(a.gradient(), Numbers{11, 11, 11}) == 0);
  CHECK(difference(b.gradient(), Numbers{1, 1, 1}) == 0);
  CHECK(difference(c.gradient(), Numbers{1, 1, 1}) == 0);
}

TEST_CASE("x + x has gradient 2, though both parts are the same tensor") {
  Tape tape;
  const Variable x = tape.leaf(kX);
  tape.backward(total(add(x, x)));
  CHECK(difference(x.gradient(), Numbers{2, 2, 2}) == 0);
  Tape other;
  const Variable z = other.leaf(kX), y = scale(z, 1);
  other.backward(total(add(add(y, y), y)));
  CHECK(difference(z.gradient(), Numbers{3, 3, 3}) == 0);
}

TEST_CASE("rules that write in place add to what arrived before, and overwrite where nothing did") {
  Tape tape;
  Tensor window = Tensor::full({3}, std::numeric_limits<float>::quiet_NaN());
  const Variable x = tape.leaf(kX, window), z = tape.leaf(kX);
  tape.backward(total(add(add(scale(x, 2), scale(x, 3)), add(scale(z, 4), add(z, scale(z, 5))))));
  CHECK(difference(window, Numbers{5, 5, 5}) == 0);
  CHECK(difference(z.gradient(), Numbers{10, 10, 10}) == 0);
}

TEST_CASE("joint rules fill all destinations, and leave out inputs that want none") {
  for (const bool windowed : {false, true}) {
    Tape tape;
    Tensor wa = Tensor::full({3}, 7), wb = Tensor::full({3}, 7);
    const Variable a = windowed ? tape.leaf(kX, wa) : tape.leaf(kX), b = windowed ? tape.leaf(kX, wb) : tape.leaf(kX);
    tape.backward(total(add(joint(a, b), add(joint(a, kX), scale(b, 10)))));
    CHECK(difference(a.gradient(), Numbers{4, 4, 4}) == 0);
    CHECK(difference(b.gradient(), Numbers{13, 13, 13}) == 0);
  }
}

TEST_CASE("one variable given twice to a joint rule gets both parts") {
  for (const bool windowed : {false, true}) {
    Tape tape;
    Tensor window = Tensor::full({3}, 7);
    const Variable x = windowed ? tape.leaf(kX, window) : tape.leaf(kX);
    tape.backward(total(joint(x, x)));
    CHECK(difference(x.gradient(), Numbers{5, 5, 5}) == 0);
  }
  Tape tape;
  const Variable x = tape.leaf(kX), y = scale(x, 2);
  tape.backward(total(add(joint(y, y), y)));
  CHECK(difference(x.gradient(), Numbers{12, 12, 12}) == 0);
}

TEST_CASE("windows are overwritten at every step, and zeroed when no gradient arrives") {
  Tensor used = Tensor::full({3}, std::numeric_limits<float>::quiet_NaN()), unused = used.clone();
  for (int step = 1; step <= 3; ++step) {
    Tape tape;
    const Variable x = tape.leaf(kX, used);
    tape.leaf(kX, unused);
    tape.backward(total(mul(x, x)));
    CHECK(difference(used, Numbers{2, 4, 6}) == 0);
    CHECK(difference(unused, Numbers{0, 0, 0}) == 0);
  }
  Tape tape;  // the same tape again
  for (int step = 1; step <= 3; ++step) {
    const Variable x = tape.leaf(kX, used);
    tape.backward(total(scale(x, static_cast<float>(step))));
    CHECK(difference(used, std::vector<double>(3, step)) == 0);
  }
}

TEST_CASE("a window may have another shape of the same count, and no other count") {
  Tape tape;
  Tensor window({6});
  const Variable x = tape.leaf(Tensor::full({2, 3}, 1), window);
  tape.backward(total(scale(x, 2)));
  CHECK(difference(window, std::vector<double>(6, 2)) == 0);
  CHECK_THROWS_AS(tape.leaf(kX, Tensor({4})), Error);
}

TEST_CASE("a part of the graph that the loss does not need is passed over") {
  Tape tape;
  int calls = 0;
  const Variable x = tape.leaf(kX);
  const Variable idle = joint(x, x, &calls);
  tape.backward(total(scale(x, 2)));
  CHECK(calls == 0);
  CHECK(difference(x.gradient(), Numbers{2, 2, 2}) == 0);
}

TEST_CASE("what is computed from constants is constant, and its rules are dropped at once") {
  const Variable y = mul(kX, kX);
  CHECK_FALSE(y.needs_gradient());
  const Tensor big({100});
  {
    Tape tape;
    const Variable x = tape.leaf(kX);
    const Variable z = record(
        kX.clone(), {{x, [](const Tensor& dy) { return dy; }}, {Variable(kX), [big](const Tensor&) { return big; }}});
    CHECK(z.needs_gradient());
    CHECK(big.unique());
  }
}

TEST_CASE("the seed scales all gradients") {
  Tape tape;
  const Variable x = tape.leaf(kX);
  tape.backward(total(scale(x, 2)), 0.25f);
  CHECK(difference(x.gradient(), Numbers{0.5, 0.5, 0.5}) == 0);
}

TEST_CASE("a chain of 50,000 nodes does not overflow the stack") {
  Tape tape;
  const Variable x = tape.leaf(kX);
  Variable y = x;
  for (int i = 0; i < 50000; ++i) y = scale(y, i % 2 == 0 ? 2.0f : 0.5f);
  const Variable loss = total(y);
  y = Variable();
  tape.backward(loss);
  CHECK(difference(x.gradient(), Numbers{1, 1, 1}) == 0);
}

TEST_CASE("a chain of 50,000 nodes that is given up without a backward pass does not overflow the stack either") {
  Tape tape;
  Variable y = tape.leaf(kX);
  for (int i = 0; i < 50000; ++i) y = add(y, kX);
  CHECK(y.needs_gradient());
}

TEST_CASE("activations and gradients are freed on the way back") {
  Tape tape;
  const Variable x = tape.leaf(kX);
  std::vector<Tensor> saved;
  Variable y = x;
  int64_t checked = 0;
  for (int i = 0; i < 10; ++i) {
    const Tensor activation = kX.clone();
    saved.push_back(activation);
    y = record(kX.clone(), {{y, [activation, i, &saved, &checked](const Tensor& dy) {
                               // Rules of later nodes have run, and hold nothing any more.
                               for (size_t later = static_cast<size_t>(i) + 1; later < saved.size(); ++later) {
                                 CHECK(saved[later].unique());
                                 ++checked;
                               }
                               return dy;
                             }}});
  }
  const Variable loss = total(y);
  y = Variable();
  tape.backward(loss);
  CHECK(checked == 45);
  CHECK(saved[0].unique());
}

TEST_CASE("mistakes are refused") {
  Tape tape, other;
  const Variable x = tape.leaf(kX), z = other.leaf(kX);
  CHECK_THROWS_AS(add(x, z), Error);
  CHECK_THROWS_AS(tape.backward(scale(x, 1)), Error);          // three numbers
  CHECK_THROWS_AS(tape.backward(total(Variable(kX))), Error);  // a constant
  CHECK_THROWS_AS(other.backward(total(x)), Error);            // another tape
  const Variable bad = record(kX.clone(), {{z, [](const Tensor&) { return Tensor::zeros({2}); }}});
  CHECK_THROWS_AS(other.backward(total(bad)), Error);  // a gradient of a wrong shape
}

}  // namespace mlrun
