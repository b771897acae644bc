#include "generate/jacobi.hpp"

#include <cstring>

#include "base/error.hpp"
#include "catch.hpp"
#include "generate/sampler.hpp"
#include "models/battery.hpp"
#include "ops/shape.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// Another model without its step view; or one whose every logit sees its own symbol, and wants the other one.
class Stripped : public AutoregressiveModel {
 public:
  explicit Stripped(const AutoregressiveModel& whole, bool leaks = false)
      : AutoregressiveModel(whole.data()), whole_(whole), leaks_(leaks) {}
  const std::vector<int64_t>& order(int64_t component) const override { return whole_.order(component); }
  bool views_share_bits() const override { return whole_.views_share_bits(); }
  Variable logits(Pass& pass, const OrderedBatch& batch, int64_t component) const override {
    if (!leaks_) return whole_.logits(pass, batch, component);
    Tensor y(batch.symbols.shape());
    for (int64_t i = 0; i < y.count(); ++i) y.data<float>()[i] = batch.symbols.data<int32_t>()[i] == 1 ? -50.0f : 50.0f;
    return Variable(y);
  }

 private:
  const AutoregressiveModel& whole_;
  bool leaks_;
};

}  // namespace

TEST_CASE("every sampler that a model has draws the same images, in whatever pieces") {
  int predictive_models = 0;
  for (const Case& c : all_cases({5, 6})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 10);
    const Sampler sampler(b.autoregressive(), *b.parameters);
    LanePool one(1), three(3);
    for (const double temperature : {1.0, 0.6}) {
      SampleOptions options{
          .count = 23, .seed = 4, .law = {.temperature = temperature}, .method = SampleMethod::kSequential};
      const Tensor sequential = sampler.draw(options, one);
      INFO(name_of(c) << ", temperature " << temperature);
      const auto same = [&](int64_t batch, LanePool& pool) {
        options.batch = batch;
        return std::memcmp(sequential.raw(), sampler.draw(options, pool).raw(), sequential.bytes()) == 0;
      };
      CHECK(same(5, three));
      CHECK(same(1, one));
      options.method = SampleMethod::kPredictive;
      if (!b.autoregressive().views_share_bits()) {
        CHECK_THROWS_WITH(sampler.draw(options, one), Catch::Contains("predictive sampling is not for this model"));
        continue;
      }
      ++predictive_models;
      CHECK(same(64, one));
      CHECK(same(5, three));
    }
  }
  CHECK(predictive_models > 20);
}

TEST_CASE("the iteration ends after one pass more than there are positions at the latest, at a fixed point") {
  const DataSpec data{.shape = {4, 4}, .alphabet = 3, .classes = 0};
  const Built b = build("pixelcnn", data, {"channels=6", "blocks=2", "head=5"});
  const AutoregressiveModel& model = b.autoregressive();
  const RandomStream noise(6, "test");
  std::vector<RandomStream> streams;
  for (uint64_t i = 0; i < 12; ++i) streams.push_back(noise.at(i));
  const JacobiDraw drawn = draw_by_jacobi(model, *b.parameters, 0, streams, nullptr, {});
  CHECK(drawn.passes >= 3);
  CHECK(drawn.passes <= data.positions() + 1);
  // Where the views share bits, an image does not depend on those it is drawn with.
  const JacobiDraw alone = draw_by_jacobi(model, *b.parameters, 0, {streams[7]}, nullptr, {});
  CHECK(alone.passes <= drawn.passes);
  CHECK(std::memcmp(alone.symbols.raw(), drawn.symbols.rows(7, 8).raw(), alone.symbols.bytes()) == 0);
}

TEST_CASE("a model without a step view of its own is sampled by iteration, to the same images") {
  const DataSpec data{.shape = {5, 5}, .alphabet = 2, .classes = 0};
  const Built b = build("pixelcnn", data, {"channels=4", "blocks=2", "head=5"});
  const Stripped model(b.autoregressive());
  CHECK(model.step_view(*b.parameters)->runs_parallel_view());
  CHECK_FALSE(b.autoregressive().step_view(*b.parameters)->runs_parallel_view());
  LanePool pool(2);
  const Tensor whole = Sampler(b.autoregressive(), *b.parameters).draw({.count = 9, .seed = 2}, pool);
  for (const SampleMethod method : {SampleMethod::kAuto, SampleMethod::kSequential}) {
    const Tensor stripped = Sampler(model, *b.parameters).draw({.count = 9, .seed = 2, .method = method}, pool);
    CHECK(std::memcmp(whole.raw(), stripped.raw(), whole.bytes()) == 0);
  }
}

TEST_CASE("where a logit depends on its own symbol, the iteration says that there is no fixed point") {
  const DataSpec data{.shape = {2, 2}, .alphabet = 2, .classes = 0};
  const Built b = build("fvsbn", data, {});
  const Stripped model(b.autoregressive(), /*leaks=*/true);
  CHECK_THROWS_WITH(draw_by_jacobi(model, *b.parameters, 0, {RandomStream(1, "test")}, nullptr, {}),
                    Catch::Contains("no fixed point"));
}
