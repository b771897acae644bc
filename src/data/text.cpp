// The characters of a text, as sequences of one length (Karpathy 2015, "The unreasonable effectiveness of recurrent
// neural networks", whose tiny Shakespeare is the default).
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/random.hpp"
#include "data/dataset.hpp"
#include "data/source_file.hpp"
#include "data/text_file.hpp"

namespace mlrun {
namespace {

constexpr const char* kTinyShakespeare = "tinyshakespeare/input.txt";

// The text is cut into three contiguous parts. Validation and test sequences are those that begin at multiples of the
// length; training sequences lie side by side as well, but from a place that each epoch draws anew, so that no
// character is always the first that has nothing before it. As many sequences in every epoch.
class Text : public Dataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec);
    std::string file;
    int64_t length;
    TextUnit unit;
    std::vector<double> split;
    SpecPlace place;
  };

  Text(const Options& options, const DataSources& sources);

  const DataSpec& spec() const override { return spec_; }
  int64_t count(Split split) const override { return part(split).count; }
  Batch batch(Split split, std::span<const int64_t> rows, int64_t epoch) const override;
  std::string protocol() const override { return protocol_; }
  std::string hash() const override { return hash_; }
  std::string description() const override { return description_; }
  const Vocabulary* vocabulary() const override { return &text_.vocabulary(); }
  std::string why_no_labels() const override { return "data.kind: text has no labels"; }

 private:
  struct Part {
    int64_t begin = 0, end = 0;  // characters
    int64_t count = 0;           // sequences
  };
  const Part& part(Split split) const { return parts_[static_cast<size_t>(split)]; }
  void cut(const Options& options, const std::string& path);

  DataSpec spec_;
  TextFile text_;
  std::array<Part, 3> parts_;
  RandomStream offsets_;
  std::string protocol_, hash_, description_;
};

Text::Options::Options(config::Reader& spec)
    : file(spec.string(
          "file", {.help = "text beside the spec or under the data root, plain or .gz; UTF-8, a byte order mark is "
                           "passed over",
                   .fallback = kTinyShakespeare,
                   .resolve = beside_spec(spec, "file")})),
      length(spec.integer("length", {.help = "characters of a sequence", .min = 2, .max = 1 << 24, .fallback = 256})),
      unit(spec.one_of<TextUnit>(
          "symbols", {{"characters", TextUnit::kCharacters}, {"bytes", TextUnit::kBytes}},
          {.help = "what a symbol is: a code point of UTF-8, or a byte", .fallback = "characters"})),
      split(spec.reals("split", {.help = "shares of the three parts: training, validation, test, in this order; the "
                                         "last may be 0",
                                 .min = 0,
                                 .max = 1,
                                 .max_size = 3,
                                 .fallback = std::vector<double>{0.9, 0.05, 0.05}})),
      place(spec, "file", file) {
  if (spec.describing()) return;
  const double sum = std::accumulate(split.begin(), split.end(), 0.0);
  if (split.size() != 3) spec.mistake("split", fmt::format("found {} shares, expected 3", split.size()));
  else if (split[0] == 0 || split[1] == 0)
    spec.mistake("split",
                 fmt::format("the {} part is nothing, and training needs it", split[0] == 0 ? "first" : "second"),
                 "split: [0.9, 0.1, 0] (no test part)");
  else if (std::abs(sum - 1) > 1e-6)
    spec.mistake("split", fmt::format("the shares sum to {}, expected 1", print_number(sum)));
}

std::string find(const Text::Options& options, const std::string& root) {
  const std::string path = path_under(root, options.file);
  std::string found = find_data_file(path);
  if (found.empty()) {
    fail(ExitCode::kData, "{} is missing   ({})\n  {}", path, options.place.words(),
         options.file == kTinyShakespeare ? "get it with   " + fetching("tinyshakespeare")
                                          : where_paths_begin(root));
  }
  return found;
}

void Text::cut(const Options& options, const std::string& path) {
  const int64_t all = text_.size();
  const auto share = [&](size_t i) { return options.split[i] * static_cast<double>(all); };
  // Of two parts, the first is rounded down, as nanoGPT's preparation of tiny Shakespeare does.
  const int64_t test = std::llround(share(2));
  const int64_t valid = test > 0 ? std::llround(share(1)) : all - static_cast<int64_t>(share(0)),
                train = all - valid - test;
  parts_[0] = {0, train, 0};
  parts_[1] = {train, train + valid, 0};
  parts_[2] = {train + valid, all, 0};
  const int64_t length = options.length;
  for (size_t i = 0; i < 3; ++i) {
    const int64_t size = parts_[i].end - parts_[i].begin;
    // Of training, so many that they fit wherever below `length` the first begins.
    parts_[i].count = i == 0 && size >= 2 * length - 1 ? (size - length + 1) / length : size / length;
    if (parts_[i].count == 0 && options.split[i] > 0) {
      fail(ExitCode::kData, "{}: {} of its {} {} are the {} part, too few for a sequence of data.length {}", path, size,
           all, name_of(options.unit), name_of(static_cast<Split>(i)), length);
    }
  }
}

Text::Text(const Options& options, const DataSources& sources) : offsets_(sources.seed, "text/offset") {
  const std::string path = path_under(sources.root, options.file);
  text_ = TextFile(find(options, sources.root), options.unit, sources.cache);
  cut(options, path);
  spec_ = {.shape = {options.length}, .alphabet = text_.vocabulary().size(), .classes = 0};
  const auto& s = options.split;
  protocol_ = fmt::format("text, {} {} a sequence, split {}/{}/{}", options.length, name_of(options.unit),
                          print_number(s[0]), print_number(s[1]), print_number(s[2]));
  hash_ = text_.hash(protocol_ + "\n");
  std::string counts, rest;
  for (const Part& p : parts_) {
    counts += fmt::format("{}{}", counts.empty() ? "" : "/", p.count);
    rest += fmt::format("{}{}", rest.empty() ? "" : "/", p.end - p.begin - p.count * options.length);
  }
  description_ = fmt::format("{} {} sequences of {} {}, alphabet {}, {} left over", options.file, counts,
                             options.length, name_of(options.unit), text_.vocabulary().size(), rest);
}

Batch Text::batch(Split split, std::span<const int64_t> rows, int64_t epoch) const {
  const Part& p = part(split);
  const int64_t length = spec_.positions(), spare = p.end - p.begin - p.count * length;
  int64_t begin = p.begin;
  if (split == Split::kTrain) {
    begin += static_cast<int64_t>(offsets_.below(static_cast<uint64_t>(epoch), static_cast<uint64_t>(spare) + 1));
  }
  Batch batch;
  batch.symbols = Tensor({static_cast<int64_t>(rows.size()), length}, DType::kS32);
  int32_t* to = batch.symbols.data<int32_t>();
  for (const int64_t row : rows) {
    text_.symbols(begin + row * length, {to, static_cast<size_t>(length)});
    to += length;
  }
  return batch;
}

[[maybe_unused]] const bool registered = register_dataset<Text>("text", "the characters of a text file");

}  // namespace
}  // namespace mlrun
