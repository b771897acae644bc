#include "run/compress.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/error.hpp"
#include "base/version.hpp"
#include "generate/codec.hpp"
#include "io/file.hpp"
#include "run/compressed_file.hpp"
#include "run/find_run.hpp"
#include "run/train_command.hpp"
#include "run/trained_data.hpp"

namespace mlrun {
namespace {

constexpr std::string_view kSplit = "split:";

ImageFile read_split(const TrainedModel& trained, const std::string& split_name, std::optional<int64_t> limit) {
  const Split split = split_named(split_name);
  const std::unique_ptr<Dataset> data = data_of(trained);
  std::vector<int64_t> rows(static_cast<size_t>(std::min(data->count(split), limit.value_or(data->count(split)))));
  if (rows.empty()) fail(ExitCode::kData, "the {} split of this data is empty", split_name);
  std::iota(rows.begin(), rows.end(), 0);
  ImageFile file;
  file.format = ImageFormat::kText;
  file.shape = trained.identity.data.shape;
  file.symbols = data->batch(split, rows, 0).symbols;
  return file;
}

int64_t packed_bytes(const ImageFile& file, int64_t alphabet) {
  const int bits = std::bit_width(static_cast<uint64_t>(alphabet - 1));
  return file.symbols.dim(0) * ((file.symbols.dim(1) * bits + 7) / 8);
}

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
  for (size_t i = 0; i < parameters.parameters().size(); ++i) {
    add(parameters.parameters()[i].path, parameters.value(i));
  }
  return sha.digest();
}

CompressOutcome compress(const CompressRequest& request) {
  const TrainedModel trained = load_trained_model(find_checkpoint(request.selector, request.which));
  const AutoregressiveModel& model = trained.autoregressive();
  if (trained.identity.stage_one) {
    fail(ExitCode::kUsage,
         "{}: a prior over the codes of a VQ-VAE; images are compressed by a model of images\n"
         "  such as   mlrun train configs/made.yaml",
         trained.path);
  }
  const int64_t alphabet = model.data().alphabet;
  const ImageFile file = request.input.starts_with(kSplit)
                             ? read_split(trained, request.input.substr(kSplit.size()), request.limit)
                             : read_image_file(request.input, model.data(), request.limit);
  if (file.symbols.count() > kMaxCompressedSymbols) {
    fail(ExitCode::kUsage, "{}: {} images of {} symbols; at most {} symbols fit in one file\n  take fewer   --limit {}",
         request.input, file.symbols.dim(0), file.symbols.dim(1), kMaxCompressedSymbols,
         kMaxCompressedSymbols / file.symbols.dim(1));
  }
  LanePool pool(threads_for(256, request.threads));
  const Codec codec(model, *trained.built.parameters);
  const std::vector<std::vector<std::byte>> streams = codec.encode(file.symbols, pool);
  const std::vector<double> nll = codec.nll(file.symbols, pool);
  CompressedFile compressed = {.format = file.format,
                               .model = model_digest(trained),
                               .original = digest_of(file, alphabet),
                               .numerics_version = kNumericsVersion,
                               .shape = file.shape,
                               .alphabet = alphabet,
                               .images = file.symbols.dim(0),
                               .streams = {}};
  int64_t stream_bytes = 0;
  for (const auto& stream : streams) {
    compressed.streams.emplace_back(stream);
    stream_bytes += static_cast<int64_t>(stream.size());
  }
  const io::Bytes bytes = pack(compressed);
  io::write_atomically(request.output, bytes.span());
  return {.checkpoint = trained.path,
          .format = name_of(file.format),
          .images = file.symbols.dim(0),
          .bytes = static_cast<int64_t>(bytes.size()),
          .header_bytes = static_cast<int64_t>(bytes.size()) - stream_bytes,
          .nats = std::accumulate(nll.begin(), nll.end(), 0.0),
          .packed_bytes = packed_bytes(file, alphabet)};
}

DecompressOutcome decompress(const DecompressRequest& request) {
  constexpr uint64_t kMaxBytes = uint64_t{1} << 31;
  const io::Bytes bytes = io::read_file(request.input, kMaxBytes, ExitCode::kData);
  const CompressedFile compressed = unpack(bytes.span(), request.input);
  const TrainedModel trained = load_trained_model(find_checkpoint(request.selector, request.which));
  const AutoregressiveModel& model = trained.autoregressive();
  if (const io::Digest digest = model_digest(trained); digest != compressed.model) {
    fail(ExitCode::kCheckpoint,
         "{}: made with the model {:.12}, and {} holds the model {:.12}\n"
         "  name the checkpoint it was made with",
         request.input, io::hex(compressed.model), trained.path, io::hex(digest));
  }
  if (compressed.numerics_version != kNumericsVersion) {
    fail(ExitCode::kCheckpoint, "{}: made by an mlrun of numerics version {}, and this one has {}: the bits differ",
         request.input, compressed.numerics_version, kNumericsVersion);
  }
  if (count_of(compressed.shape) != model.data().positions() || compressed.alphabet != model.data().alphabet) {
    fail(ExitCode::kData,
         "{}: a damaged file of mlrun compress: images of {} with {} symbols, and its model has {} with {}",
         request.input, to_string(compressed.shape), compressed.alphabet, to_string(model.data().shape),
         model.data().alphabet);
  }
  LanePool pool(threads_for(256, request.threads));
  ImageFile file = {.format = compressed.format, .shape = compressed.shape, .symbols = {}};
  const auto other_bits = [&](const std::string& finding) {
    fail(
        ExitCode::kCheckpoint,
        "{}: {}\n  its checksum is right and its model is this one: it was made on another kind of CPU, or by another\n"
        "  version of mlrun, whose logits differ in their last bits; decompress it there",
        request.input, finding);
  };
  try {
    file.symbols = Codec(model, *trained.built.parameters).decode(compressed.streams, compressed.images, pool);
  } catch (const Error& e) {
    if (e.code() != ExitCode::kData) throw;
    other_bits(e.what());
  }
  if (digest_of(file, compressed.alphabet) != compressed.original) {
    other_bits("what came out is not the original (by its sha256)");
  }
  const io::Bytes original = print_image_file(file, compressed.alphabet);
  io::write_atomically(request.output, original.span());
  return {.format = name_of(file.format),
          .sha256 = io::hex(compressed.original),
          .images = compressed.images,
          .bytes = static_cast<int64_t>(original.size())};
}

}  // namespace mlrun
