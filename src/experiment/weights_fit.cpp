// Whether the weights of a checkpoint can be those of a model: declared in experiment/origin.hpp.
#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "base/log.hpp"
#include "experiment/built_model.hpp"
#include "experiment/checkpoint.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/origin.hpp"

namespace mlrun {
namespace {

constexpr size_t kMostListed = 8;

std::string differs(const std::string& what, const std::string& there, const std::string& here) {
  return fmt::format("\n  {}: {} there, {} here", what, there.empty() ? "nothing" : there,
                     here.empty() ? "nothing" : here);
}

// Characters of one that the other has not, a few of them.
std::string only_in(const Vocabulary& one, const Vocabulary& other) {
  std::string text;
  size_t count = 0;
  for (int32_t symbol = 0; symbol < one.size(); ++symbol) {
    const int64_t code = one.codes()[static_cast<size_t>(symbol)];
    if (std::binary_search(other.codes().begin(), other.codes().end(), code)) continue;
    if (++count > kMostListed) return text + " ...";
    const bool printable = code > ' ' && code != 127 && (code < 128 || one.unit() == TextUnit::kCharacters);
    text += (text.empty() ? "" : " ") +
            (printable ? "'" + one.text({&symbol, size_t{1}}) + "'" : fmt::format("code {}", code));
  }
  return text.empty() ? "no others" : text;
}

// Parameters and buffers that are not the same; "" if all are.
std::string different_shapes(const io::Hdf5Reader& file, const ParameterArena& parameters) {
  std::vector<std::string> lines;
  std::vector<std::string> known;
  for (const ParameterInfo& info : parameters.parameters()) {
    const std::string path = "model/" + info.path;
    known.push_back(info.path);
    const std::string there = file.has(path) ? to_string(file.dataset(path).shape) : "";
    if (info.added && there.empty()) continue;  // it begins with its initial value
    if (there != to_string(info.shape)) lines.push_back(differs(info.path, there, to_string(info.shape)));
  }
  for (const StateInfo& state : parameters.states()) {
    const std::string path = "state/" + state.path;
    const std::string there = file.has(path) ? to_string(file.dataset(path).shape) : "";
    if (there != to_string(state.value.shape()))
      lines.push_back(differs(state.path, there, to_string(state.value.shape())));
  }
  std::sort(known.begin(), known.end());
  for (const std::string& path : file.datasets("model")) {
    if (!std::binary_search(known.begin(), known.end(), path))
      lines.push_back(differs(path, to_string(file.dataset("model/" + path).shape), ""));
  }
  std::string text;
  for (size_t i = 0; i < std::min(lines.size(), kMostListed); ++i) text += lines[i];
  if (lines.size() > kMostListed) text += fmt::format("\n  and {} more", lines.size() - kMostListed);
  return text;
}

bool same_buffers(const io::Hdf5Reader& file, const ParameterArena& parameters) {
  for (const BufferInfo& buffer : parameters.buffers()) {
    // A file from before a buffer was recorded says nothing of it.
    if (buffer.kind == BufferKind::kOfEvaluation || !file.has("buffers/" + buffer.path)) continue;
    const Tensor found = file.tensor("buffers/" + buffer.path);
    if (found.shape() != buffer.value.shape() || found.dtype() != buffer.value.dtype() ||
        std::memcmp(found.raw(), buffer.value.raw(), found.bytes()) != 0)
      return false;
  }
  return true;
}

// Settings of the model that differ: where the kinds do, only these.
std::string different_settings(const Experiment& there, const Experiment& here) {
  std::string text;
  for (const config::Difference& d : config::differences(there.fields(), here.fields())) {
    if (!d.path.starts_with("model.")) continue;
    if (d.path == "model.kind") return differs(d.path, d.left, d.right);
    text += differs(d.path, d.left, d.right);
  }
  return text;
}

}  // namespace

std::string different_symbols(const CheckpointIdentity& there, const Dataset& data, bool labels) {
  std::string text;
  const DataSpec& here = data.spec();
  if (there.data.alphabet != here.alphabet) {
    text += differs("symbols of the data", fmt::format("{}", there.data.alphabet), fmt::format("{}", here.alphabet));
  }
  if (labels && there.data.classes != here.classes) {
    text += differs("classes of the data", fmt::format("{}", there.data.classes), fmt::format("{}", here.classes));
  }
  const CaptionStream* stream = data.caption_stream();
  if ((stream != nullptr) != there.caption_stream.has_value()) {
    const auto streams = [](bool of_captions) { return of_captions ? "captions and pictures" : "no captions"; };
    text += differs("what symbols stand for", streams(there.caption_stream.has_value()), streams(stream != nullptr));
  } else if (stream && !(*stream == *there.caption_stream)) {
    text += differs("characters of the captions", there.caption_stream->characters().all(), stream->characters().all());
    text += differs("characters of the longest caption", fmt::format("{}", there.caption_stream->parts().words),
                    fmt::format("{}", stream->parts().words));
  }
  const Vocabulary* vocabulary = data.vocabulary();
  const auto kind = [](bool is_text) { return is_text ? "characters of a text" : "no characters"; };
  if ((vocabulary != nullptr) != there.vocabulary.has_value()) {
    text += differs("what symbols stand for", kind(there.vocabulary.has_value()), kind(vocabulary != nullptr));
  } else if (vocabulary && vocabulary->unit() != there.vocabulary->unit()) {
    text += differs("what symbols stand for", name_of(there.vocabulary->unit()), name_of(vocabulary->unit()));
  } else if (vocabulary && vocabulary->codes() != there.vocabulary->codes()) {
    text += differs(fmt::format("{} of the text", name_of(vocabulary->unit())), only_in(*there.vocabulary, *vocabulary),
                    only_in(*vocabulary, *there.vocabulary));
  }
  return text;
}

void require_weights_fit(const Checkpoint& weights, const Experiment& experiment, const Dataset& data,
                         const BuiltModel& built) {
  const CheckpointIdentity& there = weights.identity();
  const std::string symbols = different_symbols(there, data, built.model->uses_labels());
  const std::string settings = different_settings(weights.experiment(), experiment);
  const std::string shapes = different_shapes(weights.file(), *built.parameters);
  if (!symbols.empty() || !shapes.empty()) {
    std::string shape;
    if (!shapes.empty() && there.data.shape != data.spec().shape)
      shape = differs("shape of the data", to_string(there.data.shape), to_string(data.spec().shape));
    const std::string reasons = symbols + shape + (shapes.empty() ? "" : settings);
    fail(ExitCode::kCheckpoint, "{}: its weights cannot begin this run{}", weights.path(),
         reasons.empty() ? shapes : reasons);
  }
  if (!same_buffers(weights.file(), *built.parameters)) {
    std::string others;
    if (there.data.shape != data.spec().shape)
      others += differs("shape of the data", to_string(there.data.shape), to_string(data.spec().shape));
    if (there.seed != experiment.spec().seed)
      others += differs("seed", fmt::format("{}", there.seed), fmt::format("{}", experiment.spec().seed));
    fail(ExitCode::kCheckpoint,
         "{}: its weights cannot begin this run: the model's order or masks, which follow from settings and seed, are "
         "others{}{}",
         weights.path(), settings, others);
  }
  if (!settings.empty())
    log::warning("{}: its weights fit, though the model had other settings{}", weights.path(), settings);
  const CodesDataset* codes = as_codes(data);
  if (codes && there.stage_one && codes->hash() != there.data_hash)
    log::warning("{}: its weights are of the codes of another VQ-VAE, where codes may mean other things",
                 weights.path());
}

}  // namespace mlrun
