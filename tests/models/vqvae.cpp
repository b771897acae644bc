// The VQ-VAE with every quantiser: codes, reconstructions, and the gradient where there is one to check.
#include <cmath>

#include "catch.hpp"
#include "models/battery.hpp"
#include "models/codes/code_model.hpp"
#include "models/quantizers/quantizer.hpp"
#include "registered.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const DataSpec kBinary = {.shape = {6, 8}, .alphabet = 2, .classes = 0};

std::vector<std::vector<std::string>> variants() {
  std::vector<std::vector<std::string>> all;
  for (const auto& [name, kind] : registered(quantizer_kinds())) {
    std::vector<std::string> options = {"width=5", "dim=4", "blocks=1", "strides=2", "quantizer.kind=" + name};
    if (name == "fsq") options.push_back("quantizer.levels=3,3");
    else if (name == "lfq") options.push_back("quantizer.bits=3");
    else if (name == "residual" || name == "grouped") options.push_back("quantizer.of.codes=4");
    else options.push_back("quantizer.codes=6");
    all.push_back(options);
  }
  for (const std::string kind : {"ste", "ema", "gumbel"}) {
    for (const std::string encoder : {"deterministic", "stochastic"}) {
      all.push_back({"width=5", "dim=4", "blocks=1", "strides=2", "quantizer.kind=" + kind, "rate.kind=prior",
                     "encoder=" + encoder, "quantizer.codes=6"});
    }
  }
  all.push_back({"width=5", "dim=4", "blocks=1", "strides=2", "quantizer.kind=ema", "decoder.kind=pixelcnn",
                 "decoder.channels=3", "quantizer.codes=6"});
  for (const std::string encoder : {"deterministic", "stochastic"}) {
    all.push_back({"width=5", "dim=4", "blocks=1", "strides=1,2", "quantizer.kind=ema", "quantizer.codes=6",
                   "rate.kind=prior", "encoder=" + encoder, "levels=2"});
  }
  all.push_back({"width=5", "dim=4", "blocks=1", "strides=1,2", "quantizer.kind=residual", "quantizer.of.codes=4",
                 "decoder.kind=pixelcnn", "decoder.channels=3", "levels=2"});
  return all;
}

Built built(const std::vector<std::string>& options, const DataSpec& data = kBinary) {
  Built b = build("vqvae", data, options);
  b.model->initialise_from(*b.parameters, random_batch(data, 20, 4), RandomStream(1, "first"));
  return b;
}

std::string name_of(const std::vector<std::string>& options) { return options[4] + " " + options.back(); }

}  // namespace

TEST_CASE("a reconstruction's NLL is that of its decoded codes, whatever the batch") {
  for (const auto& options : variants()) {
    INFO(name_of(options));
    const Built b = built(options);
    const CodeModel& model = *b.model->code_model();
    const Batch batch = random_batch(kBinary, 11, 8);
    const Reconstruction r = model.reconstruct(*b.parameters, batch.symbols);
    CHECK(r.codes.shape() == Shape{11, model.codes().positions()});
    CHECK(r.vectors == 11 * (options.back() == "levels=2" ? 3 * 4 + 6 * 8 : 3 * 4));
    const Tensor nll =
        negative_log_likelihood(model.logits(*b.parameters, r.codes, batch.symbols), batch.symbols).value();
    const Reconstruction last = model.reconstruct(*b.parameters, batch.symbols.rows(10, 11));
    for (size_t i = 0; i < 11; ++i) CHECK(r.nll[i] == Approx(static_cast<double>(nll.data<float>()[i])).epsilon(1e-5));
    CHECK(last.nll[0] == Approx(r.nll[10]).epsilon(1e-5));
  }
}

TEST_CASE("the loss of a training pass holds more than the NLL, and the NLL beside it is that of the reconstruction") {
  int more = 0;
  for (const auto& options : variants()) {
    if (options[4] == "quantizer.kind=gumbel" || options[4] == "quantizer.kind=lfq")
      continue;                                                                          // noise; another estimate
    if (std::count(options.begin(), options.end(), "encoder=stochastic") > 0) continue;  // other draws
    INFO(name_of(options));
    const Built b = built(options);
    const Batch batch = random_batch(kBinary, 4, 17);
    Tensor gradients = b.parameters->like();
    Pass pass(*b.parameters, gradients, 0, RandomStream(1, "battery"));
    const TrainingLoss found = b.model->loss_and_nll(pass, batch);
    double nll = 0;
    for (const double v : b.model->nll(*b.parameters, batch)) nll += v;
    CHECK(found.nll == Approx(nll).epsilon(1e-5));
    CHECK_FALSE(b.model->loss_is_nll());
    more += static_cast<double>(found.loss.value().data<float>()[0]) > 1.0001 * found.nll;
  }
  CHECK(more > 3);
  const Built elbo = built({"width=5", "dim=4", "blocks=1", "strides=2", "quantizer.kind=ema", "quantizer.codes=6",
                            "rate.kind=prior", "encoder=stochastic"});
  CHECK(elbo.model->loss_is_nll());
  Tensor gradients = elbo.parameters->like();
  Pass pass(*elbo.parameters, gradients, 0, RandomStream(1, "battery"));
  const TrainingLoss found = elbo.model->loss_and_nll(pass, random_batch(kBinary, 4, 17));
  CHECK(found.nll == Approx(static_cast<double>(found.loss.value().data<float>()[0])).epsilon(1e-6));
}

TEST_CASE("the gradient of the decoder agrees with differences: codes do not depend on it") {
  for (const auto& options : variants()) {
    INFO(name_of(options));
    const Built b = built(options);
    const Batch batch = random_batch(kBinary, 4, 17);
    Tensor gradients = b.parameters->like();
    Pass pass(*b.parameters, gradients, 0, RandomStream(1, "battery"));
    pass.backward(b.model->loss(pass, batch), 1.0f);
    const RandomStream noise(23, "direction");
    std::vector<float> direction(static_cast<size_t>(gradients.count()));
    double slope = 0;
    for (const ParameterInfo& info : b.parameters->parameters()) {
      if (info.path.rfind("decoder/", 0) != 0) continue;
      for (int64_t i = info.offset; i < info.offset + info.count(); ++i) {
        direction[static_cast<size_t>(i)] = static_cast<float>(noise.normal(static_cast<uint64_t>(i)));
        slope +=
            static_cast<double>(gradients.data<float>()[i]) * static_cast<double>(direction[static_cast<size_t>(i)]);
      }
    }
    Tensor& w = b.parameters->flat();
    const Tensor start = w.clone();
    const auto loss_at = [&](float eps) {
      for (int64_t i = 0; i < w.count(); ++i)
        w.data<float>()[i] = start.data<float>()[i] + eps * direction[static_cast<size_t>(i)];
      Tensor unused = b.parameters->like();
      Pass at(*b.parameters, unused, 0, RandomStream(1, "battery"));
      return static_cast<double>(b.model->loss(at, batch).value().data<float>()[0]);
    };
    double closest = HUGE_VAL;
    for (const float eps : {1e-3f, 3e-4f, 1e-4f}) {
      const double measured = (loss_at(eps) - loss_at(-eps)) / (2.0 * static_cast<double>(eps));
      UNSCOPED_INFO("by gradient " << slope << ", by differences of " << eps << ": " << measured);
      closest = std::min(closest, std::abs(measured - slope) / std::max(1.0, std::abs(slope)));
    }
    CHECK(closest < 0.03);
  }
}

TEST_CASE("the encoder learns through every quantiser") {
  for (const auto& options : variants()) {
    INFO(name_of(options));
    const Built b = built(options);
    Tensor gradients = b.parameters->like();
    Pass pass(*b.parameters, gradients, 0, RandomStream(1, "battery"));
    pass.backward(b.model->loss(pass, random_batch(kBinary, 4, 17)), 1.0f);
    for (const ParameterInfo& info : b.parameters->parameters()) {
      if (info.path.rfind("encoder/", 0) != 0) continue;
      double square = 0;
      for (int64_t i = info.offset; i < info.offset + info.count(); ++i)
        square += std::pow(static_cast<double>(gradients.data<float>()[i]), 2);
      INFO(info.path);
      CHECK(square > 0);
    }
  }
}

TEST_CASE("the grid of codes is what the strides leave, of padded images too") {
  const auto grid = [](const std::string& strides, const DataSpec& data, const std::string& more = "blocks=0") {
    const Built b = built({"width=3", "dim=4", "quantizer.codes=5", "strides=" + strides, more}, data);
    const CodeModel& model = *b.model->code_model();
    const Batch batch = random_batch(data, 2, 3);
    CHECK(model.logits(*b.parameters, model.reconstruct(*b.parameters, batch.symbols).codes, {}).count() ==
          2 * data.positions() * (data.alphabet == 2 ? 1 : data.alphabet));
    return model.codes().shape;
  };
  CHECK(grid("2,2", {.shape = {28, 28}, .alphabet = 2, .classes = 0}) == Shape{7, 7});
  CHECK(grid("2", {.shape = {28, 28}, .alphabet = 2, .classes = 0}) == Shape{14, 14});
  CHECK(grid("2,2,2", {.shape = {28, 28}, .alphabet = 2, .classes = 0}) == Shape{4, 4});
  CHECK(grid("2,3", {.shape = {11, 13}, .alphabet = 5, .classes = 0}) == Shape{2, 3});
  CHECK(grid("1,4", {.shape = {8, 4}, .alphabet = 256, .classes = 0}, "likelihood=logistics") == Shape{2, 1});
  const Built levels =
      built({"width=3", "dim=4", "strides=2", "quantizer.kind=residual", "quantizer.levels=3", "quantizer.of.codes=5"});
  CHECK(levels.model->code_model()->codes().shape == Shape{3, 12});
  const DataSpec mnist = {.shape = {28, 28}, .alphabet = 2, .classes = 0};
  CHECK(grid("2,2", mnist, "levels=2") == Shape{7 + 28, 7});
  CHECK(grid("3,2,2", mnist, "levels=3") == Shape{3 + 4 * 3 + 16 * 3, 3});
  CHECK_THROWS_WITH(grid("2,2", mnist, "levels=3"), Catch::Contains("3 levels need as many strides, and there are 2"));
}

TEST_CASE("a pixel's code is the one whose change is felt there") {
  const DataSpec data = {.shape = {7, 9}, .alphabet = 2, .classes = 0};  // padded by 1 row and 3 columns
  for (const std::string levels : {"1", "2"}) {
    const Built b = built({"width=3", "dim=4", "blocks=0", "strides=2,2", "quantizer.kind=residual",
                           "quantizer.of.codes=9", "levels=" + levels},
                          data);
    const CodeModel& model = *b.model->code_model();
    Tensor codes = model.reconstruct(*b.parameters, random_batch(data, 1, 3).symbols).codes.clone();
    const Tensor before = model.logits(*b.parameters, codes, {}).clone();
    for (const int64_t pixel : {int64_t{0}, int64_t{31}, int64_t{62}}) {
      const int64_t at = model.code_of_pixel(pixel / 9, pixel % 9);
      const int32_t own = codes.data<int32_t>()[at];
      codes.data<int32_t>()[at] = (own + 1) % 9;
      const Tensor after = model.logits(*b.parameters, codes, {});
      CHECK(before.data<float>()[pixel] != after.data<float>()[pixel]);
      if (levels == "2" && pixel != 0) CHECK(before.data<float>()[0] == after.data<float>()[0]);
      codes.data<int32_t>()[at] = own;
    }
  }
}

TEST_CASE("given coarse codes, the finest level is felt within its reach and the coarsest farther") {
  const Built b = built({"width=3", "dim=4", "blocks=0", "strides=2,2", "levels=2", "quantizer.codes=9"},
                        {.shape = {16, 16}, .alphabet = 2, .classes = 0});
  const CodeModel& model = *b.model->code_model();
  const DataSpec& data = model.data();
  Tensor codes = model.reconstruct(*b.parameters, random_batch(data, 1, 3).symbols).codes.clone();
  const Tensor before = model.logits(*b.parameters, codes, {}).clone();
  const auto felt = [&](int64_t code) {  // how many pixels feel it, all of them near the corner
    const int32_t own = codes.data<int32_t>()[code];
    codes.data<int32_t>()[code] = (own + 1) % 9;
    const Tensor after = model.logits(*b.parameters, codes, {});
    codes.data<int32_t>()[code] = own;
    int64_t count = 0;
    for (int64_t p = 0; p < 256; ++p) {
      if (before.data<float>()[p] == after.data<float>()[p]) continue;
      CHECK((p / 16 < 8 && p % 16 < 8));
      ++count;
    }
    return count;
  };
  const int64_t coarse = felt(0), fine = felt(16);
  CHECK(fine > 0);
  CHECK(fine <= 9);
  CHECK(coarse > fine);
}

TEST_CASE("a pixel's reconstruction depends on codes near it alone, and codes on their pixels") {
  const Built b = built({"width=3", "dim=4", "blocks=0", "strides=2", "quantizer.codes=9"});
  const CodeModel& model = *b.model->code_model();
  const Batch batch = random_batch(kBinary, 1, 3);
  Tensor codes = model.reconstruct(*b.parameters, batch.symbols).codes.clone();
  const Tensor before = model.logits(*b.parameters, codes, {}).clone();
  codes.data<int32_t>()[0] = (codes.data<int32_t>()[0] + 1) % 9;  // the corner: reaches rows and columns 0 to 2
  const Tensor after = model.logits(*b.parameters, codes, {});
  double near = 0, far = 0;
  for (int64_t p = 0; p < 48; ++p) {
    const double change = std::abs(static_cast<double>(before.data<float>()[p] - after.data<float>()[p]));
    (p / 8 <= 2 && p % 8 <= 2 ? near : far) += change;
  }
  CHECK(near > 0);
  CHECK(far == 0);
}

TEST_CASE("replacing a code by itself costs nothing, and by another what it is farther away") {
  for (const auto& options : variants()) {
    const std::string name = name_of(options);
    INFO(name);
    const Built b = built(options);
    const CodeModel& model = *b.model->code_model();
    const Batch batch = random_batch(kBinary, 2, 3);
    const Tensor codes = model.encode(*b.parameters, batch.symbols, std::nullopt).codes;
    const Tensor costs = model.replacement_costs(*b.parameters, batch.symbols, codes);
    const int64_t k = model.codes().alphabet;
    REQUIRE(costs.shape() == Shape{2, model.codes().positions(), k});
    double least = 0;
    for (int64_t i = 0; i < codes.count(); ++i) {
      CHECK(costs.data<float>()[i * k + codes.data<int32_t>()[i]] == Approx(0).margin(1e-4));
      for (int64_t c = 0; c < k; ++c) least = std::min(least, static_cast<double>(costs.data<float>()[i * k + c]));
    }
    if (name.find("ste") != std::string::npos || name.find("ema") != std::string::npos) CHECK(least > -1e-3);
  }
}

TEST_CASE(
    "a decoder that sees pixels: what it says step by step is what it says at once, and nothing of later pixels") {
  for (const std::string kind : {"conv", "pixelcnn"}) {
    for (const DataSpec& data : {kBinary, DataSpec{.shape = {5, 7}, .alphabet = 4, .classes = 0}}) {
      INFO(kind << " " << data.alphabet);
      std::vector<std::string> options = {
          "width=5", "dim=4", "blocks=1", "strides=2", "quantizer.codes=6", "decoder.kind=" + kind};
      if (kind == "pixelcnn") options.insert(options.end(), {"decoder.channels=3", "decoder.blocks=2"});
      const Built b = built(options, data);
      const CodeModel& model = *b.model->code_model();
      CHECK(model.sees_pixels() == (kind == "pixelcnn"));
      const Batch batch = random_batch(data, 3, 8);
      const Tensor codes = model.reconstruct(*b.parameters, batch.symbols).codes;
      const Tensor logits = model.logits(*b.parameters, codes, batch.symbols);
      const int64_t width = logits_per_step(data.alphabet), positions = data.positions();
      const auto stepper = model.stepper(*b.parameters, codes);
      std::vector<float> out(static_cast<size_t>(3 * width));
      for (int64_t p = 0; p < positions; ++p) {
        stepper->logits(out.data());
        std::vector<int32_t> symbols;
        for (int64_t i = 0; i < 3; ++i) {
          for (int64_t k = 0; k < width; ++k)
            CHECK(out[static_cast<size_t>(i * width + k)] ==
                  Approx(logits.data<float>()[(i * positions + p) * width + k]).epsilon(1e-4).margin(1e-5));
          symbols.push_back(batch.symbols.data<int32_t>()[i * positions + p]);
        }
        stepper->observe(symbols.data());
      }
      constexpr int64_t kChanged = 17;
      const Tensor after = model.logits(*b.parameters, codes, changed(batch, data, kChanged).symbols);
      double before = 0, behind = 0;
      for (int64_t i = 0; i < logits.count(); ++i) {
        const double change = std::abs(static_cast<double>(logits.data<float>()[i] - after.data<float>()[i]));
        (i / width % positions <= kChanged ? before : behind) += change;
      }
      CHECK(before == 0);
      CHECK((behind > 0) == model.sees_pixels());
    }
  }
}

TEST_CASE("codes of the encoder's own numbers are the codes of the image") {
  for (const std::string encoder : {"deterministic", "stochastic"}) {
    const Built b = built(
        {"width=5", "dim=4", "blocks=1", "strides=2", "quantizer.codes=6", "rate.kind=prior", "encoder=" + encoder});
    const CodeModel& model = *b.model->code_model();
    const Batch batch = random_batch(kBinary, 3, 8);
    const Tensor codes = model.codes_of_latents(*b.parameters, model.latents(*b.parameters, batch.symbols));
    const Tensor own = model.encode(*b.parameters, batch.symbols, std::nullopt).codes;
    CHECK(std::equal(codes.data<int32_t>(), codes.data<int32_t>() + codes.count(), own.data<int32_t>()));
  }
}
