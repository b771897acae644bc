#include "generate/speculative.hpp"

#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "generate/enumerated.hpp"
#include "generate/sampler.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using mlrun::test::Built;
using mlrun::test::every_sequence;
using mlrun::test::Fit;
using mlrun::test::fit_of;

namespace {

Draft draft_of(const Built& b, int64_t ahead = 0) {
  return {.model = &b.autoregressive(), .parameters = b.parameters.get(), .ahead = ahead};
}

std::string message_of(const Built& b, const Built& draft) {
  try {
    LanePool pool(1);
    Sampler(b.autoregressive(), *b.parameters).draw({.count = 1, .draft = draft_of(draft)}, pool);
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::kUsage);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("speculative samples follow the model's own law, whatever the draft") {
  const DataSpec data{.shape = {5}, .alphabet = 3, .classes = 0};
  LanePool pool(2);
  for (const auto& [kind, overrides] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"made", {"hidden=[12]"}},
           {"sequence", {"width=8", "layers=2", "mixer.kind=attention", "mixer.heads=2"}},
           {"sequence", {"width=8", "layers=1", "mixer.kind=mamba2", "mixer.states=4", "mixer.head=4"}}}) {
    const Built b = mlrun::test::build(kind, data, overrides, 3);
    std::vector<double> log_p;
    for (const double nll : b.model->nll(*b.parameters, every_sequence(data))) log_p.push_back(-nll);
    std::vector<Built> drafts;
    drafts.push_back(mlrun::test::build("fvsbn", data, {}, 8));  // another model
    drafts.push_back(mlrun::test::build("made", data, {"hidden=[5]", "masks=2"}, 9));
    drafts.push_back(mlrun::test::build(kind, data, overrides, 3));  // the model itself
    for (size_t k = 0; k < drafts.size(); ++k) {
      for (const int64_t ahead : {0, 1, 3}) {
        const auto drawn = Sampler(b.autoregressive(), *b.parameters)
                               .draw_labelled({.count = 20000, .seed = 5, .draft = draft_of(drafts[k], ahead)}, pool);
        const Fit fit = fit_of(data.alphabet, drawn.symbols, log_p);
        INFO(kind << ", draft " << k << ", ahead " << ahead << ": chi-square " << fit.chi_squared << " of "
                  << fit.freedom);
        REQUIRE(fit.freedom > 20);
        CHECK(fit.chi_squared < fit.limit());
        CHECK(drawn.speculation.symbols == 20000 * 5);
        CHECK(drawn.speculation.stretches >= drawn.speculation.symbols / 5);
        if (k == 2) CHECK(drawn.speculation.kept == drawn.speculation.symbols);
        else CHECK(drawn.speculation.kept < drawn.speculation.symbols);
      }
    }
  }
}

TEST_CASE("samples that a model's own heads draft follow its own law, and repeat on any number of threads") {
  const DataSpec data{.shape = {5}, .alphabet = 3, .classes = 0};
  LanePool pool(2), other(3);
  for (const std::string kind : {"medusa", "mtp"}) {
    for (const std::string mixer : {"mixer.kind=attention", "mixer.kind=gru"}) {
      const Built b = mlrun::test::build("sequence", data,
                                         {"width=8", "layers=1", mixer, "heads.kind=" + kind, "heads.count=3"}, 3);
      std::vector<double> log_p;
      for (const double nll : b.model->nll(*b.parameters, every_sequence(data))) log_p.push_back(-nll);
      for (const int64_t ahead : {0, 1, 2, 9}) {
        const SampleOptions options{.count = 20000, .seed = 5, .draft = {.heads = true, .ahead = ahead}};
        const Sampler sampler(b.autoregressive(), *b.parameters);
        const auto drawn = sampler.draw_labelled(options, pool);
        const Fit fit = fit_of(data.alphabet, drawn.symbols, log_p);
        INFO(kind << ", " << mixer << ", ahead " << ahead << ": chi-square " << fit.chi_squared << " of "
                  << fit.freedom);
        REQUIRE(fit.freedom > 20);
        CHECK(fit.chi_squared < fit.limit());
        CHECK(drawn.speculation.kept > 0);
        CHECK(drawn.speculation.kept < drawn.speculation.symbols);
        CHECK(drawn.speculation.rows <=
              drawn.speculation.draft_steps + 20000);  // the first symbols are drawn undrafted
        SampleOptions few = options;
        few.count = 7;
        few.first = 40;
        CHECK(std::memcmp(sampler.draw(few, other).raw(), drawn.symbols.rows(40, 47).raw(), 7 * 5 * sizeof(int32_t)) ==
              0);
      }
    }
  }
}

TEST_CASE("of two symbols, a model's own heads draw what the sequential sampler draws, classes, prefixes and all") {
  const DataSpec data{.shape = {6, 6}, .alphabet = 2, .classes = 3};
  LanePool pool(2);
  const Tensor known = Tensor::of({1, 7}, std::vector<int32_t>{0, 1, 1, 0, 1, 0, 1});
  for (const std::string kind : {"medusa", "mtp"}) {
    const Built b = mlrun::test::build(
        "sequence", data,
        {"width=10", "layers=2", "mixer.kind=s5", "condition=class", "heads.kind=" + kind, "heads.count=4"});
    const Sampler sampler(b.autoregressive(), *b.parameters);
    for (const Tensor& prefix : {Tensor(), known}) {
      for (const int64_t ahead : {0, 3}) {
        const auto plain = sampler.draw_labelled({.count = 12, .seed = 2, .prefix = prefix}, pool);
        const auto drafted = sampler.draw_labelled(
            {.count = 12, .seed = 2, .prefix = prefix, .draft = {.heads = true, .ahead = ahead}}, pool);
        CHECK(std::memcmp(plain.symbols.raw(), drafted.symbols.raw(), plain.symbols.bytes()) == 0);
        CHECK(plain.labels == drafted.labels);
      }
    }
  }
}

TEST_CASE("a law that is not followed is found by that chi-square") {
  const DataSpec data{.shape = {5}, .alphabet = 3, .classes = 0};
  const Built b = mlrun::test::build("made", data, {"hidden=[12]"}, 3),
              other = mlrun::test::build("fvsbn", data, {}, 8);
  std::vector<double> log_p;
  for (const double nll : b.model->nll(*b.parameters, every_sequence(data))) log_p.push_back(-nll);
  LanePool pool(2);
  const Fit fit = fit_of(
      data.alphabet, Sampler(other.autoregressive(), *other.parameters).draw({.count = 20000, .seed = 5}, pool), log_p);
  CHECK(fit.chi_squared > 10 * static_cast<double>(fit.freedom));
}

TEST_CASE("speculative samples do not depend on threads, on how many are drawn, or on how far the draft looks ahead") {
  const DataSpec data{.shape = {24}, .alphabet = 5, .classes = 0};
  const Built b = mlrun::test::build("sequence", data, {"width=12", "layers=2", "mixer.kind=gru"}),
              draft = mlrun::test::build("made", data, {"hidden=[9]"});
  const Sampler sampler(b.autoregressive(), *b.parameters);
  LanePool one(1), three(3);
  const Tensor all = sampler.draw({.count = 20, .seed = 4, .draft = draft_of(draft)}, one);
  const auto same = [&](const Tensor& other, int64_t first) {
    return std::memcmp(all.rows(first, 20).raw(), other.raw(), other.bytes()) == 0;
  };
  CHECK(same(sampler.draw({.count = 20, .seed = 4, .batch = 3, .draft = draft_of(draft)}, three), 0));
  CHECK(same(sampler.draw({.count = 8, .seed = 4, .first = 12, .draft = draft_of(draft)}, three), 12));
  for (const int64_t ahead : {1, 2, 7, 100})
    CHECK(same(sampler.draw({.count = 20, .seed = 4, .draft = draft_of(draft, ahead)}, three), 0));
}

namespace {

// Counts the positions that a stepper goes over.
class CountingStepper : public Stepper {
 public:
  CountingStepper(std::unique_ptr<Stepper> of, int64_t& count) : of_(std::move(of)), count_(count) {}
  void logits(float* out) override { of_->logits(out); }
  void observe(const int32_t* symbols) override { ++count_, of_->observe(symbols); }
  bool can_extend() const override { return of_->can_extend(); }
  void extend(const int32_t* symbols, int64_t length, float* out) override {
    count_ += length;
    of_->extend(symbols, length, out);
  }
  bool can_rewind() const override { return of_->can_rewind(); }
  void mark() override { of_->mark(); }
  void rewind(int64_t kept) override { of_->rewind(kept); }

 private:
  std::unique_ptr<Stepper> of_;
  int64_t& count_;
};

}  // namespace

TEST_CASE("a rejection costs nothing again: each look goes over what it judges, and a draft over what it proposes") {
  const DataSpec data{.shape = {200}, .alphabet = 3, .classes = 0};
  for (const std::string mixer : {"attention", "mamba2", "gru", "rwkv"}) {
    const Built b = mlrun::test::build(
        "sequence", data,
        {"width=16", "layers=2", "mixer.kind=" + mixer, mixer == "mamba2" ? "mixer.head=4" : "mlp=channel_mix"});
    const Built other = mlrun::test::build(
        "sequence", data,
        {"width=8", "layers=1", "mixer.kind=" + mixer, mixer == "mamba2" ? "mixer.head=4" : "mlp=gelu"}, 9);
    const auto view = b.autoregressive().step_view(*b.parameters),
               of_draft = other.autoregressive().step_view(*other.parameters);
    for (const int64_t ahead : {0, 1, 5, 16}) {
      int64_t gone_over = 0, drafted = 0;
      Cursor model([&] { return std::make_unique<CountingStepper>(view->begin(1), gone_over); }, 1, 3);
      Cursor draft([&] { return std::make_unique<CountingStepper>(of_draft->begin(1), drafted); }, 1, 3);
      DraftModel proposer(draft);
      const SpeculativeJob job = {.alphabet = 3,
                                  .length = 200,
                                  .known = {0, 1, 2, 0, 1},
                                  .uniforms = RandomStream(1, "u"),
                                  .draft_uniforms = RandomStream(2, "d"),
                                  .law = {},
                                  .ahead = ahead,
                                  .draft_cost = 0.1};
      const SpeculationCounts counts = draw_speculatively(model, proposer, job, [](int64_t, int32_t) { return false; });
      INFO(mixer << ", ahead " << ahead << ": " << counts.rows << " rows, " << counts.draft_steps
                 << " steps of the draft, " << counts.stretches << " looks");
      CHECK(counts.symbols == 195);
      CHECK(counts.kept < 195);
      CHECK(counts.rows <= counts.draft_steps);
      // The known symbols, the rows, and nothing else; the first look does not go over what it begins behind.
      CHECK(gone_over >= 5 + counts.rows - 1);
      CHECK(gone_over <= 5 + counts.rows);
      // What was proposed but for the last of a look, and what was drawn in its place.
      CHECK(drafted <= 5 + counts.draft_steps + counts.stretches);
      if (ahead == 1) CHECK(counts.rows == 195);
      if (ahead > 1) CHECK(counts.stretches < 195);
    }
  }
}

TEST_CASE("of two symbols, speculative samples are those of the sequential sampler, classes, prefixes and all") {
  const DataSpec data{.shape = {6, 6}, .alphabet = 2, .classes = 3};
  const std::vector<std::string> small = {"width=10", "layers=2", "mixer.kind=s5", "condition=class"};
  const Built b = mlrun::test::build("sequence", data, small);
  LanePool pool(2);
  const Tensor known = Tensor::of({1, 7}, std::vector<int32_t>{0, 1, 1, 0, 1, 0, 1});
  for (const auto& [kind, overrides] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"nade", {"hidden=15", "condition=class"}},
           {"nade", {"hidden=15"}},
           {"made", {"hidden=[10]"}},
           {"pixelcnn", {"channels=4", "blocks=1"}}}) {  // the last goes back by beginning anew
    const Built draft = mlrun::test::build(kind, data, overrides);
    const Sampler sampler(b.autoregressive(), *b.parameters);
    for (const Tensor& prefix : {Tensor(), known}) {
      const DrawLaw law = prefix.defined() ? DrawLaw{.temperature = 0.7} : DrawLaw{};
      const auto plain = sampler.draw_labelled({.count = 12, .seed = 2, .law = law, .prefix = prefix}, pool);
      const auto drafted =
          sampler.draw_labelled({.count = 12, .seed = 2, .law = law, .prefix = prefix, .draft = draft_of(draft)}, pool);
      INFO(kind << " " << overrides[0] << (prefix.defined() ? ", with a prefix" : ""));
      CHECK(std::memcmp(plain.symbols.raw(), drafted.symbols.raw(), plain.symbols.bytes()) == 0);
      CHECK(plain.labels == drafted.labels);
    }
  }
}

TEST_CASE("a draft of another alphabet, order, length or other classes is refused with a remedy") {
  const DataSpec data{.shape = {4, 4}, .alphabet = 2, .classes = 2};
  const Built b = mlrun::test::build("made", data, {"hidden=[8]"});
  const auto refused = [&](const Built& draft, const std::string& because) {
    const std::string message = message_of(b, draft);
    INFO(message);
    CHECK(message.find(because) != std::string::npos);
    CHECK(message.find("\n  a draft ") != std::string::npos);
  };
  refused(mlrun::test::build("made", {.shape = {4, 4}, .alphabet = 3, .classes = 0}, {"hidden=[8]"}), "of 3 symbols");
  refused(mlrun::test::build("made", data, {"hidden=[8]", "order=random"}), "another order");
  refused(mlrun::test::build("made", {.shape = {4, 5}, .alphabet = 2, .classes = 0}, {"hidden=[8]"}),
          "sequences of 20");
  refused(mlrun::test::build("made", data, {"hidden=[8]", "condition=class"}), "given one of 2 classes");
  CHECK(message_of(b, mlrun::test::build("nade", data, {"hidden=8"})).empty());
}
