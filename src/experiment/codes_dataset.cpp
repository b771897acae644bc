#include "experiment/codes_dataset.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "base/advice.hpp"
#include "base/error.hpp"
#include "base/home.hpp"
#include "io/file.hpp"
#include "io/sha256.hpp"
#include "models/codes/code_model.hpp"
#include "runs/find_run.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

constexpr int64_t kAtOnce = 100;  // images that are encoded together; another number gives codes of other last bits

std::shared_ptr<const TrainedModel> load_stage_one(const std::string& from) {
  std::string path;
  try {
    path = find_checkpoint(from);
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("data.from {}: {}\n"
                                      "  train one first; a spec to start from   {} > vqvae.yaml",
                                      from, e.what(), advice::command({"config", "init", "vqvae"})));
  }
  auto trained = std::make_shared<TrainedModel>(load_trained_model(path));
  if (!trained->built.model->code_model()) {
    fail(ExitCode::kUsage,
         "data.from {}: {} is a {} model, which has no codes; expected a run of kind vqvae\n"
         "  the runs there are   {}",
         from, path, trained->experiment.spec().model.kind(), advice::command({"ls"}));
  }
  return trained;
}

std::string hash_of(const TrainedModel& stage_one) {
  io::Sha256 sha;
  const auto add = [&](const Tensor& t) { sha.update(std::span(static_cast<const std::byte*>(t.raw()), t.bytes())); };
  sha.update("codes of " + stage_one.identity.resolved_yaml + stage_one.identity.data_hash);
  add(stage_one.built.parameters->flat());
  for (const StateInfo& state : stage_one.built.parameters->states()) add(state.value);
  return sha.hex();
}

}  // namespace

CodesOptions::CodesOptions(config::Reader& reader)
    : from(reader.string("from",
                         {.help = "the VQ-VAE whose codes these are: a run or a checkpoint; @last: the latest of them",
                          .fallback = "@last",
                          .resolve = pinned_checkpoint})) {}

std::string pinned_checkpoint(const std::string& from) {
  if (from.starts_with("/")) return from;
  try {
    std::string run = expand_home(from);
    if (from == "@last") {
      for (const RunSummary& r : all_runs(run_root())) run = is_of_stage_one(r.nll_of) ? r.path : run;
    }
    return std::filesystem::absolute(find_checkpoint(run)).lexically_normal().string();
  } catch (const Error&) {
    return from;  // whoever builds the data says why
  }
}

const CodesDataset* as_codes(const Dataset& data) { return dynamic_cast<const CodesDataset*>(&data); }

CodesDataset::CodesDataset(const Options& options, const DataSources& sources)
    : CodesDataset(load_stage_one(options.from), sources) {}

CodesDataset::CodesDataset(std::shared_ptr<const TrainedModel> stage_one, const DataSources& sources)
    : stage_one_(std::move(stage_one)),
      autoencoder_(stage_one_->autoencoder()),
      spec_(autoencoder_.model().codes()),
      hash_(hash_of(*stage_one_)) {
  DataSources own = sources;
  own.seed = stage_one_->identity.seed;
  images_ = stage_one_->experiment.spec().data.build(own);
  if (images_->hash() != stage_one_->identity.data_hash) {
    fail(ExitCode::kData, "{}: trained on data with sha256 {:.12}, and the data found now has {:.12}", stage_one_->path,
         stage_one_->identity.data_hash, images_->hash());
  }
  std::vector<int64_t> rows(static_cast<size_t>(std::min<int64_t>(kAtOnce, images_->count(Split::kTrain))));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const Tensor one = images_->batch(Split::kTrain, rows, 0).symbols,
               other = images_->batch(Split::kTrain, rows, 1).symbols;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    const int64_t blocks = (images_->count(split) + kAtOnce - 1) / kAtOnce;
    blocks_[static_cast<size_t>(split)] = std::vector<Block>(static_cast<size_t>(blocks));
  }
  redrawn_ = autoencoder_.model().draws_codes() ||
             !std::equal(one.data<int32_t>(), one.data<int32_t>() + one.count(), other.data<int32_t>());
}

// The codes of images index * kAtOnce .. (index + 1) * kAtOnce - 1.
const SymbolTable& CodesDataset::block(Split split, int64_t index) const {
  Block& block = blocks_[static_cast<size_t>(split)][static_cast<size_t>(index)];
  std::call_once(block.encoded, [&] {
    std::vector<int64_t> rows(static_cast<size_t>(std::min(kAtOnce, images_->count(split) - index * kAtOnce)));
    std::iota(rows.begin(), rows.end(), index * kAtOnce);
    const Tensor codes = autoencoder_.encode(images_->batch(split, rows, 0).symbols).codes;
    block.codes = table_of({codes.data<int32_t>(), static_cast<size_t>(codes.count())});
  });
  return block.codes;
}

SymbolTable CodesDataset::table_of(std::span<const int32_t> codes) const {
  const auto width = static_cast<size_t>(spec_.positions());
  SymbolTableBuilder table(spec_.positions());
  for (size_t at = 0; at < codes.size(); at += width) table.append(codes.subspan(at, width));
  return std::move(table).finish();
}

int64_t CodesDataset::encode_together(Split split, Ranks& ranks, LanePool& pool,
                                      const std::function<bool()>& interrupted) const {
  if (redrawn_ && split == Split::kTrain) return 0;
  constexpr int64_t kBlocksAtOnce = 64;  // which are exchanged together, at 4 bytes a code
  const int64_t images = images_->count(split), positions = spec_.positions();
  auto& blocks = blocks_[static_cast<size_t>(split)];
  const auto block_count = static_cast<int64_t>(blocks.size());
  int64_t encoded = 0;
  for (int64_t begin = 0; begin < block_count; begin += kBlocksAtOnce) {
    const int64_t count = std::min(kBlocksAtOnce, block_count - begin), first_image = begin * kAtOnce;
    const auto image_of = [&](int64_t i) { return std::min(images, (begin + i) * kAtOnce) - first_image; };
    std::vector<int32_t> codes(static_cast<size_t>(image_of(count) * positions));
    run_share(ranks, pool, count, [&](int64_t i) {
      const SymbolTable& own = block(split, begin + i);
      for (int64_t row = 0; row < own.rows(); ++row)
        own.unpack(row, &codes[static_cast<size_t>((image_of(i) + row) * positions)]);
    });
    all_gather_shares(ranks, count, codes.data(), [&](int64_t i) { return image_of(i) * positions; });
    for (int64_t i = 0; i < count; ++i) {
      Block& one = blocks[static_cast<size_t>(begin + i)];
      std::call_once(one.encoded, [&] {
        const auto from = static_cast<size_t>(image_of(i) * positions),
                   to = static_cast<size_t>(image_of(i + 1) * positions);
        one.codes = table_of(std::span<const int32_t>(codes).subspan(from, to - from));
      });
    }
    const Range own = own_share(ranks, count);
    encoded += image_of(own.end) - image_of(own.begin);
    if (any(ranks, interrupted && interrupted())) break;
  }
  return encoded;
}

Batch CodesDataset::batch(Split split, std::span<const int64_t> rows, int64_t epoch) const {
  Batch batch = images_->batch(split, rows, epoch);
  if (redrawn_ && split == Split::kTrain) {
    batch.symbols = autoencoder_.encode(batch.symbols, static_cast<uint64_t>(epoch)).codes;
    return batch;
  }
  batch.symbols = Tensor({static_cast<int64_t>(rows.size()), spec_.positions()}, DType::kS32);
  int32_t* to = batch.symbols.data<int32_t>();
  for (const int64_t row : rows) {
    block(split, row / kAtOnce).unpack(row % kAtOnce, to);
    to += spec_.positions();
  }
  return batch;
}

std::string CodesDataset::protocol() const { return fmt::format("codes of {:.8}, {}", hash_, images_->protocol()); }

std::string CodesDataset::description() const {
  return fmt::format("{} codes on {} x {}, of {}", spec_.alphabet, spec_.shape[0], spec_.shape[1],
                     images_->description());
}

io::Image CodesDataset::render(std::span<const int32_t> symbols) const {
  Tensor codes({1, spec_.positions()}, DType::kS32);
  std::copy(symbols.begin(), symbols.end(), codes.data<int32_t>());
  return autoencoder_.decode(codes)[0];
}

namespace {

[[maybe_unused]] const bool registered =
    register_dataset<CodesDataset>("codes", "the codes of a trained VQ-VAE, for a prior to model");

}  // namespace
std::string training_a_prior(const std::string& stage_one) {
  return fmt::format("{} > prior.yaml && {}",
                     advice::command({"config", "init", "pixelcnn", "data.kind=codes", "data.from=" + stage_one}),
                     advice::command({"train", "prior.yaml"}));
}

}  // namespace mlrun
