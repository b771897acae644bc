#include "coding/compress.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/error.hpp"
#include "base/lanes.hpp"
#include "base/version.hpp"
#include "coding/compressed_file.hpp"
#include "coding/image_coder.hpp"
#include "experiment/codes_dataset.hpp"
#include "experiment/trained_data.hpp"
#include "io/file.hpp"
#include "runs/find_run.hpp"

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
  // The images, also where the model is one of their codes.
  const CodesDataset* codes = as_codes(*data);
  const Dataset& images = codes ? codes->images() : *data;
  file.shape = images.spec().shape;
  file.symbols = images.batch(split, rows, 0).symbols;
  return file;
}

int64_t packed_bytes(const ImageFile& file, int64_t alphabet) {
  const int bits = std::bit_width(static_cast<uint64_t>(alphabet - 1));
  return file.symbols.dim(0) * ((file.symbols.dim(1) * bits + 7) / 8);
}

}  // namespace

CompressOutcome compress(const CompressRequest& request) {
  const TrainedModel trained = load_trained_model(find_checkpoint(request.selector, request.which));
  if (const int64_t given = trained.identity.data.given; given > 0) {
    fail(ExitCode::kUsage,
         "{}: the first {} symbols of its data are a question, which the model takes as known: it could code the "
         "answers, and nobody could read them without the questions",
         trained.path, given);
  }
  const std::unique_ptr<ImageCoder> coder = image_coder(trained);
  const int64_t alphabet = coder->images().alphabet;
  const ImageFile file = request.input.starts_with(kSplit)
                             ? read_split(trained, request.input.substr(kSplit.size()), request.limit)
                             : read_image_file(request.input, coder->images(), request.limit);
  if (file.symbols.count() > kMaxCompressedSymbols) {
    fail(ExitCode::kUsage, "{}: {} images of {} symbols; at most {} symbols fit in one file\n  take fewer   --limit {}",
         request.input, file.symbols.dim(0), file.symbols.dim(1), kMaxCompressedSymbols,
         kMaxCompressedSymbols / file.symbols.dim(1));
  }
  LanePool pool(threads_for(kMostLanes, request.threads));
  const std::vector<std::vector<std::byte>> streams = coder->encode(file.symbols, pool);
  const std::vector<double> nll = coder->nll(file.symbols, pool);
  CompressedFile compressed = {.stages = coder->stages(),
                               .format = file.format,
                               .model = coder->digest(),
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
          .bound = coder->stages() > 1,
          .format = name_of(file.format),
          .of_images = coder->images().is_image(),
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
  const std::unique_ptr<ImageCoder> coder = image_coder(trained);
  if (const io::Digest digest = coder->digest(); digest != compressed.model) {
    fail(ExitCode::kCheckpoint,
         "{}: made with the model {:.12}, and {} holds the model {:.12}\n"
         "  name the checkpoint it was made with",
         request.input, io::hex(compressed.model), trained.path, io::hex(digest));
  }
  if (compressed.numerics_version != kNumericsVersion) {
    fail(ExitCode::kCheckpoint, "{}: made by an mlrun of numerics version {}, and this one has {}: the bits differ",
         request.input, compressed.numerics_version, kNumericsVersion);
  }
  const DataSpec& images = coder->images();
  if (compressed.stages != coder->stages() || count_of(compressed.shape) != images.positions() ||
      compressed.alphabet != images.alphabet) {
    fail(ExitCode::kData,
         "{}: a damaged file of mlrun compress: images of {} with {} symbols, and its model has {} with {}",
         request.input, to_string(compressed.shape), compressed.alphabet, to_string(images.shape), images.alphabet);
  }
  LanePool pool(threads_for(kMostLanes, request.threads));
  ImageFile file = {.format = compressed.format, .shape = compressed.shape, .symbols = {}};
  const auto other_bits = [&](const std::string& finding) {
    fail(
        ExitCode::kCheckpoint,
        "{}: {}\n  its checksum is right and its model is this one: it was made on another kind of CPU, or by another\n"
        "  version of mlrun, whose logits differ in their last bits; decompress it there, or, if that CPU had fewer\n"
        "  instructions, with MLRUN_MAX_ISA=avx2 or MLRUN_MAX_ISA=sse4 before the command",
        request.input, finding);
  };
  try {
    file.symbols = coder->decode(compressed.streams, compressed.images, pool);
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
          .of_images = images.is_image(),
          .images = compressed.images,
          .bytes = static_cast<int64_t>(original.size())};
}

}  // namespace mlrun
