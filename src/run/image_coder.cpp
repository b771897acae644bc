#include "run/image_coder.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "generate/codec.hpp"
#include "generate/given_codec.hpp"
#include "models/code_model.hpp"
#include "run/bound.hpp"

namespace mlrun {
namespace {

class ModelCoder : public ImageCoder {
 public:
  explicit ModelCoder(const TrainedModel& trained)
      : trained_(trained), codec_(trained.autoregressive(), *trained.built.parameters) {}
  const DataSpec& images() const override { return trained_.autoregressive().data(); }
  int stages() const override { return 1; }
  io::Digest digest() const override { return model_digest(trained_); }
  std::vector<std::vector<std::byte>> encode(const Tensor& symbols, LanePool& pool) const override {
    return codec_.encode(symbols, pool);
  }
  Tensor decode(std::span<const std::span<const std::byte>> streams, int64_t count, LanePool& pool) const override {
    return codec_.decode(streams, count, pool);
  }
  std::vector<double> nll(const Tensor& symbols, LanePool& pool) const override { return codec_.nll(symbols, pool); }

 private:
  const TrainedModel& trained_;
  Codec codec_;
};

constexpr int64_t kBatch = 100;

class TwoStageCoder : public ImageCoder {
 public:
  explicit TwoStageCoder(const TrainedModel& trained)
      : trained_(trained),
        stage_one_(*trained.identity.stage_one),
        model_(stage_one_.code_model()),
        codec_(trained.autoregressive(), *trained.built.parameters) {}

  const DataSpec& images() const override { return model_.data(); }
  int stages() const override { return 2; }
  io::Digest digest() const override {
    io::Sha256 sha;
    sha.update(io::hex(model_digest(stage_one_)));
    sha.update(io::hex(model_digest(trained_)));
    return sha.digest();
  }

  std::vector<std::vector<std::byte>> encode(const Tensor& symbols, LanePool& pool) const override {
    const Tensor codes = codes_of(symbols, pool);
    std::vector<std::vector<std::byte>> streams = codec_.encode(codes, pool);
    for (auto& stream : encode_given(symbols, given(codes), images().alphabet, pool))
      streams.push_back(std::move(stream));
    return streams;
  }

  Tensor decode(std::span<const std::span<const std::byte>> streams, int64_t count, LanePool& pool) const override {
    const size_t half = streams.size() / 2;
    const Tensor codes = codec_.decode(streams.first(half), count, pool);
    return decode_given(streams.subspan(half), count, images().positions(), given(codes), images().alphabet, pool);
  }

  std::vector<double> nll(const Tensor& symbols, LanePool& pool) const override {
    std::vector<double> all(static_cast<size_t>(symbols.dim(0)));
    const Tensor codes = codes_of(symbols, pool);
    in_batches(symbols.dim(0), pool, [&](int64_t begin, int64_t end) {
      const std::vector<double> of_codes =
          marginal_nll(*trained_.built.model, *trained_.built.parameters, {codes.rows(begin, end), {}});
      const std::vector<double> of_pixels =
          nll_given_codes(model_, *stage_one_.built.parameters, symbols.rows(begin, end), codes.rows(begin, end));
      for (size_t i = 0; i < of_codes.size(); ++i) all[static_cast<size_t>(begin) + i] = of_codes[i] + of_pixels[i];
    });
    return all;
  }

 private:
  template <class Work>
  static void in_batches(int64_t count, LanePool& pool, const Work& work) {
    pool.run((count + kBatch - 1) / kBatch, [&](int64_t b) { work(b * kBatch, std::min(count, (b + 1) * kBatch)); });
  }

  Tensor codes_of(const Tensor& symbols, LanePool& pool) const {
    Tensor codes({symbols.dim(0), model_.codes().positions()}, DType::kS32);
    in_batches(symbols.dim(0), pool, [&](int64_t begin, int64_t end) {
      codes.rows(begin, end)
          .copy_from(model_.encode(*stage_one_.built.parameters, symbols.rows(begin, end), std::nullopt).codes);
    });
    return codes;
  }

  StepperOfImages given(const Tensor& codes) const {
    return [this, codes](int64_t begin, int64_t end) {
      return model_.stepper(*stage_one_.built.parameters, codes.rows(begin, end));
    };
  }

  const TrainedModel& trained_;
  const TrainedModel& stage_one_;
  const CodeModel& model_;
  Codec codec_;
};

}  // namespace

io::Digest model_digest(const TrainedModel& trained) {
  config::Fields fields;
  for (const config::FieldRecord& field : trained.experiment.fields()) {
    if (field.path == "model" || field.path.starts_with("model.")) fields.push_back(field);
  }
  const DataSpec& data = trained.identity.data;
  io::Sha256 sha;
  sha.update(fmt::format("{}data {} {} {}\n", config::canonical_text(fields), to_string(data.shape), data.alphabet,
                         data.classes));
  const auto add = [&](const std::string& path, const Tensor& value) {
    sha.update(fmt::format("{} {} {}\n", path, name_of(value.dtype()), to_string(value.shape())));
    sha.update({static_cast<const std::byte*>(value.raw()), value.bytes()});
  };
  const ParameterArena& parameters = *trained.built.parameters;
  for (const BufferInfo& buffer : parameters.buffers()) add(buffer.path, buffer.value);
  for (const StateInfo& state : parameters.states()) add(state.path, state.value);
  for (size_t i = 0; i < parameters.parameters().size(); ++i) {
    add(parameters.parameters()[i].path, parameters.value(i));
  }
  return sha.digest();
}

std::unique_ptr<ImageCoder> image_coder(const TrainedModel& trained) {
  if (trained.identity.stage_one) return std::make_unique<TwoStageCoder>(trained);
  return std::make_unique<ModelCoder>(trained);
}

}  // namespace mlrun
