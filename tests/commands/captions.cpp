// Captions and pictures in one stream, by a model of which every stream can be counted: what is said of one part given
// the other is what the whole law says, and samplers follow it.
#include "evaluate/captions.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/log_sum_exp.hpp"
#include "catch.hpp"
#include "commands/eval/eval.hpp"
#include "commands/sample/caption_prefix.hpp"
#include "commands/sample/prompt.hpp"
#include "commands/sample/sample.hpp"
#include "generate/picture.hpp"
#include "generate/sampler.hpp"
#include "io/png.hpp"
#include "models/battery.hpp"
#include "runs/find_run.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

using Row = std::vector<int32_t>;

// Pictures of two bits, captions of a and b: streams of 6 symbols of 7.
class TinyStreams : public Dataset {
 public:
  TinyStreams()
      : stream_({.shape = {1, 2}, .alphabet = 2}, Vocabulary(TextUnit::kCharacters, {'a', 'b'}), 2),
        spec_(stream_.spec()) {
    for (size_t picture = 0; picture < 4; ++picture) {
      for (size_t caption = 0; caption < 3; ++caption) pairs_.push_back({caption, picture});
    }
  }
  const DataSpec& spec() const override { return spec_; }
  int64_t count(Split) const override { return static_cast<int64_t>(pairs_.size()); }
  Batch batch(Split, std::span<const int64_t> rows, int64_t) const override {
    Batch batch;
    batch.symbols = Tensor({static_cast<int64_t>(rows.size()), 6}, DType::kS32);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto& [caption, picture] = pairs_[static_cast<size_t>(rows[i])];
      const Row row = stream(caption, picture, rows[i] % 2 == 1);
      std::copy(row.begin(), row.end(), batch.symbols.data<int32_t>() + 6 * i);
    }
    return batch;
  }
  std::string protocol() const override { return "tiny"; }
  std::string hash() const override { return "tiny"; }
  std::string description() const override { return "tiny"; }
  const CaptionStream* caption_stream() const override { return &stream_; }
  std::vector<std::string> captions() const override { return {"a", "ab", "b"}; }

  Row stream(size_t caption, size_t picture, bool picture_first) const {
    const Row pixels = {static_cast<int32_t>(picture & 1), static_cast<int32_t>(picture >> 1)};
    Row row(6);
    stream_.join(stream_.words_of(captions()[caption], "test"), pixels, picture_first, row);
    return row;
  }
  struct Example {
    size_t caption = 0, picture = 0;
  };
  const std::vector<Example>& pairs() const { return pairs_; }

 private:
  CaptionStream stream_;
  DataSpec spec_;
  std::vector<Example> pairs_;
};

// The law of a model, by counting all 117,649 streams.
class Counted {
 public:
  Counted(const Built& b, const DataSpec& data) {
    const Batch all = all_images(data, 0);
    const std::vector<double> nll = b.model->nll(*b.parameters, all);
    for (size_t i = 0; i < nll.size(); ++i) {
      const int32_t* row = all.symbols.data<int32_t>() + 6 * i;
      law_[{row, row + 6}] = std::exp(-nll[i]);
    }
  }
  // Of all streams that begin so.
  double p(const Row& beginning) const {
    double sum = 0;
    for (auto at = law_.lower_bound(beginning);
         at != law_.end() && std::equal(beginning.begin(), beginning.end(), at->first.begin()); ++at)
      sum += at->second;
    return sum;
  }

 private:
  std::map<Row, double> law_;
};

Row first(const Row& row, std::ptrdiff_t count) { return {row.begin(), row.begin() + count}; }

const std::vector<std::pair<std::string, std::vector<std::string>>> kModels = {
    {"sequence", {"width=8", "layers=1", "mixer.kind=gru", "positions=true"}},
    {"sequence", {"width=8", "layers=2", "mixer.kind=attention", "mixer.heads=2", "positions=sinusoidal"}},
    {"made", {"hidden=12", "masks=2"}}};

CaptionLikelihoods likelihoods_of(const Built& b, const TinyStreams& data, int threads) {
  LanePool pool(threads);
  const EvaluateOptions options = {.batch_size = 5, .limit = {}, .interrupted = {}};
  return caption_likelihoods(b.autoregressive(), *b.parameters, data, Split::kTest, std::nullopt, options, pool);
}

// A model that never draws this symbol.
void forget_symbol(const ParameterArena& parameters, int32_t symbol) {
  for (size_t i = 0; i < parameters.parameters().size(); ++i) {
    Tensor value = parameters.value(i);
    if (parameters.parameters()[i].path == "head/bias") value.data<float>()[symbol] = -30;
  }
}

}  // namespace

TEST_CASE("p(picture | words), p(words | picture) and p of both are those of the whole law of streams") {
  const TinyStreams data;
  for (const auto& [kind, overrides] : kModels) {
    INFO(kind);
    const Built b = build(kind, data.spec(), overrides);
    const Counted law(b, data.spec());
    CHECK(law.p({}) == Approx(1).epsilon(1e-4));
    const FirstParts begins = first_parts_of(b.autoregressive(), *b.parameters);
    CHECK(begins.words == Approx(law.p({5})).epsilon(1e-4));
    CHECK(begins.picture == Approx(law.p({6})).epsilon(1e-4));
    const CaptionLikelihoods found = likelihoods_of(b, data, 1);
    REQUIRE(found.words_first);
    REQUIRE(found.picture_first);
    CHECK(found.captions == 3);
    CHECK(found.named == 12);
    for (size_t i = 0; i < data.pairs().size(); ++i) {
      const auto& [caption, picture] = data.pairs()[i];
      const Row words_first = data.stream(caption, picture, false), picture_first = data.stream(caption, picture, true);
      const double p_words = law.p(first(words_first, 3)), p_picture = law.p(first(picture_first, 3));
      const auto near = [](double nll, double p) { CHECK(nll == Approx(-std::log(p)).margin(2e-4)); };
      near(found.pair[i], law.p(words_first) + law.p(picture_first));
      near(found.words_first->first[i], p_words / law.p({5}));
      near(found.words_first->second[i], law.p(words_first) / p_words);
      near(found.picture_first->first[i], p_picture / law.p({6}));
      near(found.picture_first->second[i], law.p(picture_first) / p_picture);
      // Bayes' rule, and the likeliest words.
      for (const bool first_is_picture : {false, true}) {
        size_t best = 0;
        for (size_t k = 1; k < 3; ++k) {
          if (law.p(data.stream(k, picture, first_is_picture)) > law.p(data.stream(best, picture, first_is_picture)))
            best = k;
        }
        const auto& order = first_is_picture ? found.picture_first : found.words_first;
        CHECK(order->right[i] == (best == caption ? 1 : 0));
      }
    }
    const CaptionLikelihoods again = likelihoods_of(b, data, 2);
    CHECK(again.pair == found.pair);
    CHECK(again.words_first->second == found.words_first->second);
    CHECK(again.picture_first->second == found.picture_first->second);
    CHECK(again.picture_first->right == found.picture_first->right);
  }
}

TEST_CASE("words are drawn from p(words | picture), and pictures from p(picture | words)") {
  const TinyStreams data;
  LanePool pool(2);
  const Built b = build("sequence", data.spec(), {"width=8", "layers=1", "mixer.kind=gru", "positions=true"});
  const Counted law(b, data.spec());
  const Sampler sampler(b.autoregressive(), *b.parameters);
  const CaptionStream& stream = *data.caption_stream();
  for (const Row& beginning :
       {stream.beginning_with_picture(Row{1, 0}), stream.beginning_with_words(stream.words_of("b", "test"))}) {
    const int64_t n = 20000;
    const Tensor drawn = sampler.draw({.count = n, .seed = 5, .prefix = Tensor::of({1, 4}, beginning)}, pool);
    std::map<Row, int64_t> counts;
    for (int64_t i = 0; i < n; ++i) ++counts[{drawn.data<int32_t>() + 6 * i, drawn.data<int32_t>() + 6 * i + 6}];
    for (const auto& [row, count] : counts) {
      REQUIRE(first(row, 4) == beginning);
      const double p = law.p(row) / law.p(beginning), spread = std::sqrt(p * (1 - p) / static_cast<double>(n));
      CHECK(std::abs(static_cast<double>(count) / static_cast<double>(n) - p) < 5 * spread + 1e-9);
    }
  }
}

TEST_CASE("a model that visits positions in another order is refused, with the order that it takes") {
  const TinyStreams data;
  const Built b = build("made", data.spec(), {"hidden=8", "order=random"});
  CHECK(refusal_of(ExitCode::kUsage, [&] {
          first_parts_of(b.autoregressive(), *b.parameters);
        }).find("model.order=raster") != std::string::npos);
}

namespace {

const std::string kSpec =
    "data: {kind: captions, words: labels, of: {kind: digits, binarization: threshold, train_limit: 60, valid_limit: "
    "20, test_limit: 20}}\n"
    "model: {kind: sequence, width: 8, layers: 1, positions: true, mixer: {kind: gru}}\n"
    "train: {for: 2 steps, batch_size: 10}\neval: {every: 2 steps, samples: 2, batch_size: 8}\ncompute: {lanes: 2}\n";

}  // namespace

TEST_CASE("a run of captions is evaluated, draws pictures for words, and writes words for a picture") {
  const TemporaryDirectory root;
  const std::string run = root / "run";
  train_in(run, kSpec);
  CHECK(std::filesystem::exists(run + "/samples/step-000000002.png"));
  EvalRequest request;
  request.selector = run;
  request.threads = 1;
  request.named = 7;
  const EvalOutcome one = evaluate_checkpoint(request);
  request.threads = 3;
  const EvalOutcome three = evaluate_checkpoint(request);
  REQUIRE(one.captions);
  REQUIRE(one.captions->words_first);
  CHECK(one.captions->captions == 10);
  CHECK(one.captions->words_first->right.count == 7);
  CHECK(one.captions->pair.per_example == three.captions->pair.per_example);
  CHECK(one.captions->picture_first->second.per_example == three.captions->picture_first->second.per_example);

  const TrainedModel model = load_trained_model(run + "/checkpoints/step-000000002.h5");
  REQUIRE(model.identity.caption_stream);
  CHECK(model.identity.data.parts);
  CHECK(model.drawn_data().shape == Shape{28, 28});
  LanePool pool(1);
  SampleOptions options;
  options.count = 3;
  options.prefix = prompt_of(model, "seven");
  const Samples sevens = sample(model, options, pool);
  CHECK(sevens.captions == std::vector<std::string>(3, "seven"));
  REQUIRE(sevens.pictures.size() == 3);
  CHECK(sevens.pictures[0].width == 28);

  io::write_png(root / "sheet.png", sheet_of({sevens.pictures[1]}, 1, 3));
  io::write_png(root / "plain.png", sevens.pictures[1]);
  options.prefix = stream_of_picture(model, root / "sheet.png");
  const Tensor plain = stream_of_picture(model, root / "plain.png");
  CHECK(std::equal(plain.data<int32_t>(), plain.data<int32_t>() + plain.count(), options.prefix.data<int32_t>()));
  const Samples named = sample(model, options, pool);
  REQUIRE(named.captions.size() == 3);
  for (int64_t p = 0; p < 784; ++p)
    REQUIRE(named.symbols.data<int32_t>()[p] == sevens.symbols.data<int32_t>()[784 + p]);

  using Catch::Contains;
  CHECK_THAT(refusal_of(ExitCode::kUsage, [&] { prompt_of(model, "a quiz"); }),
             Contains("'a' at place 0") && Contains("'e' 'f' 'g'"));
  CHECK_THAT(refusal_of(ExitCode::kUsage, [&] { prompt_of(model, "seventeen"); }), Contains("5 at most"));
  io::write_png(root / "small.png", io::Image::filled(14, 14, 0));
  CHECK_THAT(refusal_of(ExitCode::kUsage, [&] { stream_of_picture(model, root / "small.png"); }),
             Contains("14 x 14") && Contains("28 x 28") && Contains("-resize"));
}

TEST_CASE("a model of one order is not asked for the other") {
  const TinyStreams data;
  const Built b = build("sequence", data.spec(), {"width=8", "layers=1", "mixer.kind=gru", "positions=true"});
  forget_symbol(*b.parameters, data.spec().parts->picture_border);
  const CaptionLikelihoods found = likelihoods_of(b, data, 1);
  REQUIRE(found.words_first);
  CHECK_FALSE(found.picture_first);
  for (size_t i = 0; i < found.pair.size(); ++i) {
    CHECK(found.words_first->second[i] > 0);
    CHECK(std::isfinite(found.pair[i]));
  }
}

TEST_CASE("other captions are other data, and a run of one order says so when it is asked for the other") {
  const TemporaryDirectory root;
  const std::string run = root / "run";
  train_in(run, kSpec);
  const TrainedModel model = load_trained_model(find_checkpoint(run));
  forget_symbol(*model.built.parameters, model.identity.data.parts->picture_border);
  io::write_png(root / "plain.png", io::Image::filled(28, 28, 0));
  CHECK_THAT(refusal_of(ExitCode::kUsage, [&] { stream_of_picture(model, root / "plain.png"); }),
             Catch::Contains("begin with a picture") && Catch::Contains("data.first=both"));
  EvalRequest request;
  request.selector = run;
  request.threads = 1;
  request.overrides = {"data.words=own"};
  CHECK_THAT(refusal_of(ExitCode::kData, [&] { evaluate_checkpoint(request); }), Catch::Contains("shape"));
}
