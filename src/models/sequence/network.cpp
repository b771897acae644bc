#include "models/sequence/network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"
#include "models/sequence/documents.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/embedding.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

// A symbol as a number: evenly spaced from -1 to 1; the start is in the middle.
float number_of(int32_t symbol, int64_t alphabet) {
  if (symbol == kStartSymbol) return 0;
  return alphabet == 1 ? 1.0f : 2.0f * static_cast<float>(symbol) / static_cast<float>(alphabet - 1) - 1.0f;
}

std::vector<GridPlace> places_of(const DataSpec& data, const std::vector<int64_t>& order) {
  std::vector<GridPlace> places;
  if (!data.is_image()) return places;
  for (const int64_t position : order) places.push_back({position / data.shape[1], position % data.shape[1]});
  return places;
}

// The parts of sequences that come in the order in which they are stored.
std::optional<StreamParts> parts_of(const DataSpec& data, const std::vector<int64_t>& order) {
  return std::is_sorted(order.begin(), order.end()) ? data.parts : std::nullopt;
}

}  // namespace

SequenceNetworkOptions::SequenceNetworkOptions(config::Reader& reader)
    : width(reader.integer("width", {.help = "channels of the stream", .min = 1, .max = 65536, .fallback = 128})),
      layers(reader.integer("layers", {.help = "blocks", .min = 1, .max = 1000, .fallback = 4})),
      input(reader.one_of<SequenceInput>(
          "input",
          {{"embedding", SequenceInput::kEmbedding},
           {"scalar", SequenceInput::kScalar},
           {"direct", SequenceInput::kDirect}},
          {.help = "embedding: a vector for each symbol; scalar: the symbol as a number, through a linear layer; "
                   "direct: the number itself, into a recurrent mixer",
           .fallback = "embedding"})),
      positions(reader.one_of<SequencePositions>(
          "positions",
          {{"false", SequencePositions::kNone},
           {"true", SequencePositions::kLearned},
           {"sinusoidal", SequencePositions::kSinusoidal},
           {"rows_and_columns", SequencePositions::kRowsAndColumns}},
          {.help = "what is added to the input of every position; true: a learned vector; rows_and_columns: one for "
                   "the row of a pixel and one for its column",
           .fallback = "false"})),
      block(reader) {}

SequenceNetwork::SequenceNetwork(const SequenceNetworkOptions& options, const DataSpec& data,
                                 const std::vector<int64_t>& order, bool start, int64_t classes, const Scope& scope)
    : width_(options.width), alphabet_(data.alphabet), input_(options.input), has_classes_(classes > 0) {
  const double deviation = 1 / std::sqrt(static_cast<double>(width_));
  if (input_ == SequenceInput::kEmbedding) {
    symbols_ = scope.parameter("symbols", {alphabet_ + (start ? 1 : 0), width_}, "symbol,width",
                               ParameterKind::kEmbedding, initialise::normal(deviation));
  }
  if (input_ == SequenceInput::kScalar) scalar_ = Linear(scope / "input", 1, width_);
  if ((options.positions != SequencePositions::kNone || has_classes_) && input_ == SequenceInput::kDirect) {
    fail(ExitCode::kUsage,
         "model.input direct has one channel, to which nothing can be added\n"
         "  with positions or a condition   model.input=scalar (or embedding)");
  }
  const std::vector<GridPlace> places = places_of(data, order);
  positions_ =
      AbsolutePositions(options.positions, width_, data, places, start ? parts_of(data, order) : std::nullopt, scope);
  if (has_classes_) {
    classes_ = scope.parameter("classes", {classes, width_}, "class,width", ParameterKind::kEmbedding,
                               initialise::normal(deviation));
  }
  for (int64_t l = 0; l < options.layers; ++l) {
    const int64_t in = l == 0 && input_ == SequenceInput::kDirect ? 1 : width_;
    blocks_.emplace_back(options.block, l, options.layers, MixerShape{in, width_, data.positions(), places},
                         scope / fmt::format("block_{}", l + 1));
  }
  norm_ =
      Norm(scope / "norm", options.block.norm_place == NormPlace::kPost ? NormKind::kNone : options.block.norm, width_);
}

Tensor SequenceNetwork::numbers_of(const Tensor& inputs) const {
  Shape shape = inputs.shape();
  shape.push_back(1);
  Tensor numbers(shape);
  for (int64_t i = 0; i < inputs.count(); ++i)
    numbers.data<float>()[i] = number_of(inputs.data<int32_t>()[i], alphabet_);
  return numbers;
}

Variable SequenceNetwork::enter(Pass& pass, const Tensor& inputs) const {
  if (input_ == SequenceInput::kDirect) return numbers_of(inputs);
  if (input_ == SequenceInput::kScalar) return scalar_(pass, numbers_of(inputs));
  Tensor rows = inputs.clone();  // the start is the last row
  std::replace(rows.data<int32_t>(), rows.data<int32_t>() + rows.count(), kStartSymbol,
               static_cast<int32_t>(alphabet_));
  return ops::embedding(pass(symbols_), rows);
}

Variable SequenceNetwork::operator()(Pass& pass, const Tensor& inputs, const Tensor& labels) const {
  if (!holds_documents(inputs, kStartSymbol)) return sequences(pass, inputs, labels);
  const UnpackedDocuments documents = unpacked(inputs, kStartSymbol);
  std::vector<Variable> parts;
  for (const DocumentLot& lot : documents.lots) {
    Tensor of_lot;
    if (has_classes_) {
      of_lot = Tensor({static_cast<int64_t>(lot.rows.size())}, DType::kS32);
      for (size_t i = 0; i < lot.rows.size(); ++i) of_lot.data<int32_t>()[i] = labels.data<int32_t>()[lot.rows[i]];
    }
    parts.push_back(ops::reshape(sequences(pass, lot.inputs, of_lot), {-1, width_}));
  }
  return ops::embedding(ops::concat(parts, 0), documents.places);
}

Variable SequenceNetwork::sequences(Pass& pass, const Tensor& inputs, const Tensor& labels) const {
  Variable x = enter(pass, inputs);
  if (positions_.any()) x = ops::add(x, positions_(pass, inputs));
  if (has_classes_) x = ops::add(x, ops::reshape(ops::embedding(pass(classes_), labels), {inputs.dim(0), 1, width_}));
  for (const SequenceBlock& block : blocks_)
    x = pass.block(x, [&block](Pass& inside, const Variable& h) { return block(inside, h); });
  return norm_(pass, x);
}

bool SequenceNetwork::any_length() const {
  return positions_.any_length() && std::all_of(blocks_.begin(), blocks_.end(),
                                                [](const SequenceBlock& block) { return block.mixer().any_length(); });
}

int64_t SequenceNetwork::sequences_at_once() const {
  int64_t most = 1;
  for (const SequenceBlock& block : blocks_) {
    const int64_t wanted = block.mixer().sequences_at_once();
    if (wanted == 0) return 0;
    most = std::max(most, wanted);
  }
  return most;
}

void SequenceNetwork::after_step(const std::vector<Statistics>& lanes) {
  for (SequenceBlock& block : blocks_)
    if (block.mlp()) block.mlp()->after_step(lanes);
}

bool SequenceNetwork::adds_loss() const {
  return std::any_of(blocks_.begin(), blocks_.end(),
                     [](const SequenceBlock& block) { return block.mlp() && block.mlp()->adds_loss(); });
}

int64_t SequenceNetwork::inactive_parameters() const {
  int64_t all = 0;
  for (const SequenceBlock& block : blocks_)
    if (block.mlp()) all += block.mlp()->inactive_parameters();
  return all;
}

std::vector<ExpertCounts> SequenceNetwork::expert_counts(const Statistics& gathered) const {
  std::vector<ExpertCounts> all;
  for (const SequenceBlock& block : blocks_) {
    ExpertCounts counts = block.mlp() ? block.mlp()->expert_counts(gathered) : ExpertCounts{};
    if (!counts.empty()) all.push_back(std::move(counts));
  }
  return all;
}

Layout SequenceNetwork::layout() const {
  Layout layout;
  std::string enter = "symbols[z]";
  if (input_ != SequenceInput::kEmbedding) {
    layout.line(fmt::format("number(z) = {}, and 0 for the start",
                            alphabet_ == 1 ? std::string("1") : fmt::format("2 z / {} - 1", alphabet_ - 1)));
    enter = input_ == SequenceInput::kDirect ? "number(z)" : "number(z) @ input/weight' + input/bias";
  }
  positions_.write_layout(layout, enter);
  layout.line(fmt::format("h = {}{}, of each step", enter, has_classes_ ? " + classes[y]" : ""));
  // Blocks may have different mixers; what a round of them says is said once.
  std::vector<std::string> said;
  layout.line("gelu(x) = x Phi(x), the exact one");
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const Layout block = blocks_[b].layout();
    const std::string text = fmt::format("{}", fmt::join(block.lines(), "\n"));
    if (const auto same = std::find(said.begin(), said.end(), text); same == said.end()) {
      layout.line(fmt::format("block_{}, and every later one of its kind:", b + 1));
      for (const std::string& line : block.lines()) layout.line("  " + line);
      for (const Layout::Entry& entry : block.tensors()) layout.tensor("block_*/" + entry.path, entry.meaning);
      said.push_back(text);
    }
  }
  layout.line("h = norm(h)").part("norm/", norm_.layout("norm"));
  layout.tensor("symbols", "a row for each symbol, then one for the start, where there is one");
  layout.tensor("input/weight", "from the number to the channels").tensor("input/bias", "of each channel");
  layout.tensor("positions", "a row for each step").tensor("rows", "of each row").tensor("columns", "of each column");
  return layout.tensor("classes", "a row for each class");
}

Variable SequenceNetwork::symbol_vectors(Pass& pass) const {
  require(has_symbol_vectors(), "the vectors of symbols that enter as numbers");
  return ops::slice(pass(symbols_), 0, 0, alphabet_);
}

SequenceNetwork::Steps::Steps(const SequenceNetwork& network) : network_(network) {
  for (const SequenceBlock& block : network.blocks_) blocks_.emplace_back(block);
  if (network.input_ == SequenceInput::kScalar) scalar_ = network.scalar_.packed();
}

int64_t SequenceNetwork::Steps::sequences_at_once() const {
  int64_t fewest = 0;
  for (const SequenceBlock::Steps& block : blocks_) {
    const int64_t wanted = block.mixer->sequences_at_once();
    if (wanted > 0) fewest = fewest > 0 ? std::min(fewest, wanted) : wanted;
  }
  return fewest;
}

SequenceNetwork::Stepper::Stepper(const Steps& steps, int64_t count, const int32_t* labels)
    : steps_(steps), count_(count), picture_first_(static_cast<size_t>(count)) {
  if (labels && steps.network_.has_classes_) labels_.assign(labels, labels + count);
  for (const SequenceBlock::Steps& block : steps.blocks_) blocks_.emplace_back(block, count);
}

Tensor SequenceNetwork::Stepper::enter(const int32_t* inputs, int64_t length) const {
  const SequenceNetwork& network = steps_.network_;
  const int64_t width = network.width_, rows = length * count_;
  if (network.input_ != SequenceInput::kEmbedding) {
    Tensor numbers({rows, 1});
    for (int64_t i = 0; i < rows; ++i) numbers.data<float>()[i] = number_of(inputs[i], network.alphabet_);
    if (network.input_ == SequenceInput::kDirect) return numbers;
    Tensor x({rows, width});
    steps_.scalar_(numbers.data<float>(), rows, x.data<float>());
    return x;
  }
  Tensor x({rows, width});
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t row = inputs[i] == kStartSymbol ? network.alphabet_ : inputs[i];
    std::copy_n(network.symbols_.value().data<float>() + row * width, width, x.data<float>() + i * width);
  }
  return x;
}

Tensor SequenceNetwork::Stepper::extend(const int32_t* inputs, int64_t length) {
  const SequenceNetwork& network = steps_.network_;
  const int64_t width = network.width_;
  Tensor x = enter(inputs, length);
  const auto add_row = [&](const Parameter& table, int64_t row, float* to) {
    const float* from = table.value().data<float>() + row * width;
    for (int64_t k = 0; k < width; ++k) to[k] += from[k];
  };
  for (int64_t row = 0; row < length * count_; ++row) {
    float* to = x.data<float>() + row * x.dim(1);
    const int64_t t = t_ + row / count_;
    const auto sequence = static_cast<size_t>(row % count_);
    if (t == 1) picture_first_[sequence] = network.positions_.picture_first(inputs[row]);
    network.positions_.add(t, t > 0 && picture_first_[sequence], to);
    if (network.has_classes_) add_row(network.classes_, labels_[sequence], to);
  }
  t_ += length;
  for (SequenceBlock::Stepper& block : blocks_) x = block.extend(x);
  return network.norm_.rows(x).reshape({length, count_, width});
}

void SequenceNetwork::Stepper::mark() {
  for (SequenceBlock::Stepper& block : blocks_) block.mark();
  marked_ = t_;
}

void SequenceNetwork::Stepper::rewind(int64_t kept) {
  for (SequenceBlock::Stepper& block : blocks_) block.rewind(kept);
  t_ = marked_ + kept;
}

}  // namespace mlrun
