#include "commands/answer_files.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/hdf5/writer.hpp"
#include "io/npz.hpp"

namespace mlrun {
namespace {

void begin(io::Hdf5Writer& file, std::string_view format, const std::string& checkpoint, int64_t step) {
  file.attribute("/", "mlrun_format", format);
  file.attribute("/", "mlrun_format_version", 1);
  file.attribute("/", "checkpoint", checkpoint);
  file.attribute("/", "step", step);
}

// Attributes of the root: temperature, top_k, top_p, repetition_penalty, typical, sliding, exact_law (1: the model's own),
// and law (in words).
void write_law(io::Hdf5Writer& file, const DrawLaw& law) {
  file.attribute("/", "temperature", law.temperature);
  file.attribute("/", "top_k", law.top_k);
  file.attribute("/", "top_p", law.top_p);
  file.attribute("/", "repetition_penalty", law.repetition);
  file.attribute("/", "typical", law.typical);
  file.attribute("/", "sliding", law.sliding ? 1 : 0);
  file.attribute("/", "exact_law", law.is_exact() ? 1 : 0);
  file.attribute("/", "law", law.words());
}

// Dataset `orders`, s32 [components, positions]: row c is the order in which component c visits positions, the known
// ones first. It is part of the law that completions are drawn from and judged by.
void write_orders(io::Hdf5Writer& file, const std::vector<std::vector<int64_t>>& orders) {
  Tensor table({static_cast<int64_t>(orders.size()), static_cast<int64_t>(orders.front().size())}, DType::kS32);
  int32_t* place = table.data<int32_t>();
  for (const std::vector<int64_t>& order : orders)
    place = std::transform(order.begin(), order.end(), place, [](int64_t p) { return static_cast<int32_t>(p); });
  file.dataset("orders", table);
}

// As NeXus and its viewers call it, and as files of older versions do.
void in_nats(io::Hdf5Writer& file, const std::string& dataset) {
  for (const char* name : {"units", "unit"}) file.attribute(dataset, name, std::string_view("nats"));
}

void add_figure(io::Hdf5Writer& file, const std::string& name, const Evaluation& figure) {
  file.attribute("/", name, figure.nll);
  file.attribute("/", name + "_se", figure.nll_se);
  file.dataset(name, figure.per_example);
  if (!name.starts_with("accuracy")) in_nats(file, name);
}

Tensor shaped(const Tensor& symbols, const DataSpec& data, Shape shape) {
  shape.insert(shape.end(), data.shape.begin(), data.shape.end());
  return symbols.reshape(std::move(shape));
}

// [count, then the shape of the data], or [count, length] where samples are of another length.
Shape shape_of_samples(const Samples& samples) {
  Shape shape = {samples.symbols.dim(0)};
  if (samples.data.positions() == samples.symbols.dim(1))
    shape.insert(shape.end(), samples.data.shape.begin(), samples.data.shape.end());
  else shape.push_back(samples.symbols.dim(1));
  return shape;
}

// As bytes where all of them fit.
Tensor narrowed_symbols(const Tensor& symbols) {
  const int32_t* s = symbols.data<int32_t>();
  if (std::any_of(s, s + symbols.count(), [](int32_t v) { return v < 0 || v > 255; })) return symbols;
  Tensor bytes(symbols.shape(), DType::kU8);
  std::transform(s, s + symbols.count(), bytes.data<uint8_t>(), [](int32_t v) { return static_cast<uint8_t>(v); });
  return bytes;
}

}  // namespace

std::string samples_array(const Samples& samples) {
  return io::npy_of(narrowed_symbols(samples.symbols.reshape(shape_of_samples(samples))));
}

std::string pictures_array(const std::vector<io::Image>& pictures, int64_t together) {
  const auto count = static_cast<int64_t>(pictures.size());
  Shape shape = {count / together};
  if (together > 1) shape.push_back(together);
  shape.insert(shape.end(), {pictures.front().height, pictures.front().width});
  Tensor bytes(shape, DType::kU8);
  uint8_t* to = bytes.data<uint8_t>();
  for (const io::Image& picture : pictures) to = std::copy(picture.pixels.begin(), picture.pixels.end(), to);
  return io::npy_of(bytes);
}

std::string completions_array(const CompleteOutcome& outcome, const TrainedModel& model,
                              const CompletionOptions& options) {
  const auto images = static_cast<int64_t>(outcome.images.size());
  return io::npy_of(narrowed_symbols(shaped(outcome.completions, model.identity.data, {images, options.per_image})));
}

std::string lines_of(const std::vector<std::string>& texts) {
  std::string lines;
  for (const std::string& text : texts) lines += text + '\n';
  return lines;
}

io::Bytes samples_file(const Samples& samples, const TrainedModel& model, uint64_t seed, const DrawLaw& law) {
  const Tensor& symbols = samples.symbols;
  io::Hdf5Writer file;
  begin(file, "samples", model.path, model.state.step);
  file.attribute("/", "seed", seed);
  write_law(file, law);
  file.attribute("/", "known", samples.known);
  file.dataset("symbols", symbols.reshape(shape_of_samples(samples)));
  if (samples.codes.defined()) file.dataset("codes", samples.codes);
  if (samples.streams.defined()) {
    file.dataset("streams", samples.streams);
    file.text("captions", lines_of(samples.captions));
  }
  if (!samples.lengths.empty()) file.dataset("lengths", samples.lengths);
  if (!samples.labels.empty()) file.dataset("labels", Tensor::of({symbols.dim(0)}, samples.labels));
  return file.finish();
}

io::Bytes completions_file(const CompleteOutcome& outcome, const TrainedModel& model,
                           const CompletionOptions& options) {
  const DataSpec& data = model.identity.data;
  const auto images = static_cast<int64_t>(outcome.images.size());
  io::Hdf5Writer file;
  begin(file, "completions", model.path, model.state.step);
  file.attribute("/", "seed", options.seed);
  write_law(file, options.law);
  file.attribute("/", "region", outcome.region.name);
  file.dataset("originals", shaped(outcome.originals, data, {images}));
  Tensor known(data.shape, DType::kU8);
  std::copy(outcome.region.known.begin(), outcome.region.known.end(), known.data<uint8_t>());
  file.dataset("known", known);
  write_orders(file, outcome.orders);
  file.dataset("completions", shaped(outcome.completions, data, {images, options.per_image}));
  file.dataset("images", outcome.images);
  if (!outcome.labels.empty()) file.dataset("labels", Tensor::of({images}, outcome.labels));
  return file.finish();
}

io::Bytes evaluation_file(const EvalOutcome& outcome, Split split) {
  io::Hdf5Writer file;
  begin(file, "evaluation", outcome.checkpoint, outcome.step);
  file.attribute("/", "split", std::string_view(name_of(split)));
  file.attribute("/", "protocol", outcome.protocol);
  file.attribute("/", "data", outcome.data.description);
  file.attribute("/", "other_data", outcome.data.other ? 1 : 0);
  file.attribute("/", "components", outcome.components);
  file.attribute("/", "bpd", outcome.result.bpd);
  add_figure(file, "nll", outcome.result);
  file.attribute("/", "bound", outcome.is_bound() ? 1 : 0);
  if (outcome.bound) {
    add_figure(file, "nll_reconstruction", outcome.bound->reconstruction);
    add_figure(file, "nll_prior", outcome.bound->prior);
    if (outcome.bound->posterior) add_figure(file, "log_posterior", *outcome.bound->posterior);
    if (outcome.bound->carried) add_figure(file, "carried_by_codes", *outcome.bound->carried);
    file.attribute("/", "code_maps", outcome.bound->maps);
  }
  if (outcome.labelled) {
    add_figure(file, "nll_xy", outcome.labelled->xy);
    add_figure(file, "nll_x_given_y", outcome.labelled->x_given_y);
  }
  if (outcome.accuracy) add_figure(file, "accuracy", *outcome.accuracy);
  if (const auto& captions = outcome.captions) {
    file.attribute("/", "captions", captions->captions);
    add_figure(file, "nll_words_and_picture", captions->pair);
    if (const auto& order = captions->words_first) {
      add_figure(file, "nll_words", order->first);
      add_figure(file, "nll_picture_given_words", order->second);
      add_figure(file, "accuracy_words_first", order->right);
    }
    if (const auto& order = captions->picture_first) {
      add_figure(file, "nll_picture", order->first);
      add_figure(file, "nll_words_given_picture", order->second);
      add_figure(file, "accuracy_picture_first", order->right);
    }
  }
  if (outcome.draws.size() > 1) {
    file.dataset("draws", outcome.draws);
    in_nats(file, "draws");
  }
  return file.finish();
}

io::Bytes region_file(const RegionOutcome& outcome, const Region& region, const DataSpec& data, Split split) {
  io::Hdf5Writer file;
  begin(file, "region evaluation", outcome.checkpoint, outcome.step);
  file.attribute("/", "split", std::string_view(name_of(split)));
  file.attribute("/", "protocol", outcome.protocol);
  file.attribute("/", "data", outcome.data.description);
  file.attribute("/", "other_data", outcome.data.other ? 1 : 0);
  file.attribute("/", "region", region.name);
  add_figure(file, "nll", outcome.result);
  if (outcome.labelled) add_figure(file, "nll_given_label", *outcome.labelled);
  Tensor known(data.shape, DType::kU8);
  std::copy(region.known.begin(), region.known.end(), known.data<uint8_t>());
  file.dataset("known", known);
  write_orders(file, outcome.orders);
  return file.finish();
}

}  // namespace mlrun
