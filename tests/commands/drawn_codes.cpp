// A VQ-VAE whose encoder draws its codes, with a prior over them: the ELBO.
#include <cmath>

#include "catch.hpp"
#include "evaluate/bound.hpp"
#include "models/battery.hpp"
#include "models/codes/code_model.hpp"
#include "two_stage_runs.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("the bound of an encoder that draws its codes falls to -log p(x) with the number of draws") {
  const DataSpec images = {.shape = {2, 4}, .alphabet = 2, .classes = 0};
  Built one = build("vqvae", images,
                    {"width=4", "dim=4", "blocks=0", "strides=2", "quantizer.kind=gumbel", "quantizer.codes=3",
                     "encoder=stochastic", "rate.kind=prior", "decoder.kind=pixelcnn", "decoder.channels=3"});
  const CodeModel& model = *one.model->code_model();
  const Autoencoder autoencoder(model, *one.parameters);
  const DataSpec map = model.codes();
  const Built prior = build("made", map, {"hidden=9"});
  const Batch all = all_images(images, 0), maps = all_images(map, 0);
  const std::vector<double> z = prior.model->nll(*prior.parameters, maps);
  double exact = 0;
  for (int64_t i = 0; i < 256; ++i) {
    Tensor same({9, 8}, DType::kS32);
    for (int64_t k = 0; k < 9; ++k) same.rows(k, k + 1).copy_from(all.symbols.rows(i, i + 1));
    const std::vector<double> x = autoencoder.nll(same, maps.symbols);
    double p = 0;
    for (size_t k = 0; k < 9; ++k) p += std::exp(-z[k] - x[k]);
    exact -= std::log(p) / 256;
  }
  const Tensor codes = model.encode(*one.parameters, all.symbols).codes;
  double before = HUGE_VAL;
  for (const int64_t draws : {1, 8, 200}) {
    const Bounds b = bounds_of(autoencoder, *prior.model, *prior.parameters, all.symbols, codes, draws);
    REQUIRE(b.posterior.size() == 256);
    CHECK(b.carried.size() == 256);
    double mean = 0;
    for (size_t i = 0; i < 256; ++i) {
      mean += b.total[i] / 256;
      if (draws == 1) CHECK(b.total[i] == Approx(b.reconstruction[i] + b.prior[i] + b.posterior[i]));
    }
    INFO(draws << " draws: " << mean << ", exact " << exact);
    CHECK(mean < before);
    if (draws == 200) CHECK(mean == Approx(exact).margin(0.05));
    before = mean;
  }
  CHECK(before > exact - 0.05);
}

TEST_CASE("codes that the encoder draws are drawn anew for each epoch, and its entropy is given back") {
  const TemporaryDirectory root;
  std::string spec = kStageOne;
  spec.replace(spec.find("codes: 6}"), 9, "codes: 6}, encoder: stochastic, rate: {kind: prior, channels: 4}");
  const std::string one = root / "one";
  train_in(one, spec);
  CHECK(says(timeless_journal(one), "\"rate\":"));
  const EvalOutcome alone = evaluate_checkpoint(request(one));
  CHECK(alone.is_bound());
  CHECK(alone.nll_of == NllSubject::kXAtMost);
  const CodesDataset data(
      std::make_shared<const TrainedModel>(load_trained_model(one + "/checkpoints/step-000000040.h5")),
      data_sources_from_environment(1));
  std::vector<int64_t> rows(20);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  const auto at = [&](Split split, int64_t epoch) {
    const Tensor t = data.batch(split, rows, epoch).symbols;
    return std::vector<int32_t>(t.data<int32_t>(), t.data<int32_t>() + t.count());
  };
  CHECK(at(Split::kTrain, 0) != at(Split::kTrain, 1));
  CHECK(at(Split::kValid, 0) == at(Split::kValid, 1));
  train_in(root / "prior", prior_spec(one));
  const EvalOutcome bound = evaluate_checkpoint(request(root / "prior"));
  REQUIRE(bound.bound->posterior);
  CHECK(bound.bound->posterior->nll < 0);
  CHECK(bound.result.nll ==
        Approx(bound.bound->reconstruction.nll + bound.bound->prior.nll + bound.bound->posterior->nll));
  CHECK(evaluate_checkpoint(request(root / "prior", 8)).result.nll < bound.result.nll);
}
