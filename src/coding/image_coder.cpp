#include "coding/image_coder.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "coding/latent_codec.hpp"
#include "evaluate/bound.hpp"

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
        autoencoder_(*trained.decoder()),
        codec_(autoencoder_.model(), autoencoder_.parameters(), trained.autoregressive(), *trained.built.parameters) {}

  const DataSpec& images() const override { return autoencoder_.images(); }
  int stages() const override { return 2; }
  io::Digest digest() const override {
    io::Sha256 sha;
    sha.update(io::hex(model_digest(*trained_.identity.stage_one)));
    sha.update(io::hex(model_digest(trained_)));
    return sha.digest();
  }

  std::vector<std::vector<std::byte>> encode(const Tensor& symbols, LanePool& pool) const override {
    return codec_.encode(symbols, pool);
  }
  Tensor decode(std::span<const std::span<const std::byte>> streams, int64_t count, LanePool& pool) const override {
    return codec_.decode(streams, count, pool);
  }
  std::vector<double> nll(const Tensor& symbols, LanePool& pool) const override {
    std::vector<double> all(static_cast<size_t>(symbols.dim(0)));
    pool.run((symbols.dim(0) + kBatch - 1) / kBatch, [&](int64_t b) {
      const int64_t begin = b * kBatch, end = std::min(symbols.dim(0), begin + kBatch);
      const Tensor rows = symbols.rows(begin, end);
      const Tensor codes = autoencoder_.encode(rows).codes;
      const Bounds bounds = bounds_of(autoencoder_, *trained_.built.model, *trained_.built.parameters, rows, codes, 1);
      std::copy(bounds.total.begin(), bounds.total.end(), all.begin() + begin);
    });
    return all;
  }

 private:
  const TrainedModel& trained_;
  Autoencoder autoencoder_;
  LatentCodec codec_;
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
  if (trained.decoder()) return std::make_unique<TwoStageCoder>(trained);
  return std::make_unique<ModelCoder>(trained);
}

}  // namespace mlrun
