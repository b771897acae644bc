#include "experiment/preview.hpp"

#include "data/shown_rows.hpp"
#include "experiment/autoencoder.hpp"
#include "generate/sampler.hpp"

namespace mlrun {

Preview preview_of(const BuiltModel& built, const Dataset& data, int64_t count, uint64_t seed, LanePool& pool) {
  if (const CodeModel* codes = built.model->code_model()) {
    const std::vector<int64_t> rows = shown_rows(data, Split::kValid, count);
    return {Autoencoder(*codes, *built.parameters).reconstruct(data.batch(Split::kValid, rows, 0).symbols),
            kPairsAcross};
  }
  Preview preview;
  const AutoregressiveModel* model = built.model->autoregressive();
  if (!model) return preview;
  SampleOptions options{.count = count, .seed = seed};
  for (int64_t i = 0; i < count && model->conditional(); ++i)
    options.labels.push_back(static_cast<int32_t>(i * model->classes() / count));
  const Tensor symbols = Sampler(*model, *built.parameters).draw(options, pool);
  const int64_t positions = symbols.dim(1);
  for (int64_t i = 0; i < count; ++i) {
    preview.pictures.push_back(data.render({symbols.data<int32_t>() + i * positions, static_cast<size_t>(positions)}));
  }
  return preview;
}

}  // namespace mlrun
