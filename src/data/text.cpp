// The characters of a text, as sequences of one length (Karpathy 2015, "The unreasonable effectiveness of recurrent
// neural networks", whose tiny Shakespeare is the default).
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/random.hpp"
#include "data/dataset.hpp"
#include "data/documents.hpp"
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
    std::string file, documents;  // one of them
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
  int64_t behind_document(int64_t at) const;  // the first place from there on where a document begins, or the end
  int64_t documents_in(const Part& part) const;

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
      documents(spec.string(
          "documents",
          {.help = "in place of one text: a folder of texts beside the spec or under the data root, or a .jsonl file "
                   "with a string, or an object with a string \"text\", in each line; rows hold one "
                   "document behind the other, and a sequence model begins anew with each",
           .fallback = "",
           .allow_empty = true,
           .resolve = beside_spec(spec, "documents")})),
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
      place(documents.empty() ? SpecPlace(spec, "file", file) : SpecPlace(spec, "documents", documents)) {
  spec.later("documents");
  if (spec.describing()) return;
  if (!documents.empty() && file != kTinyShakespeare)  // which is what a resolved spec says where nobody did
    spec.mistake("file", "data.documents is given as well, and there is one source", "leave data.file out");
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
         options.file == kTinyShakespeare ? "get it with   " + fetching("tinyshakespeare") : where_paths_begin(root));
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
  if (spec_.end >= 0) {  // no document is in two parts
    parts_[0].end = parts_[1].begin = behind_document(train);
    parts_[1].end = parts_[2].begin = test > 0 ? behind_document(train + valid) : all;
  }
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
  const bool several = !options.documents.empty();
  const std::string path = path_under(sources.root, several ? options.documents : options.file);
  text_ = several ? TextFile(find_documents(path, options.place.words()), options.unit, sources.cache)
                  : TextFile(find(options, sources.root), options.unit, sources.cache);
  spec_ = {.shape = {options.length}, .alphabet = text_.vocabulary().size(), .classes = 0};
  if (several) spec_.end = text_.vocabulary().symbols(std::string(1, kEndOfDocument), "the end of a document")[0];
  cut(options, path);
  const auto& s = options.split;
  protocol_ = fmt::format("{}, {} {} a sequence, split {}/{}/{}", several ? "documents" : "text", options.length,
                          name_of(options.unit), print_number(s[0]), print_number(s[1]), print_number(s[2]));
  hash_ = text_.hash(protocol_ + "\n");
  std::string counts, rest;
  for (const Part& p : parts_) {
    counts += fmt::format("{}{}", counts.empty() ? "" : "/", p.count);
    rest += fmt::format("{}{}", rest.empty() ? "" : "/", p.end - p.begin - p.count * options.length);
  }
  std::string source = options.file;
  if (several)
    source = fmt::format("{} {}/{}/{} documents in", options.documents, documents_in(parts_[0]),
                         documents_in(parts_[1]), documents_in(parts_[2]));
  description_ = fmt::format("{} {} sequences of {} {}, alphabet {}, {} left over", source, counts, options.length,
                             name_of(options.unit), text_.vocabulary().size(), rest);
}

int64_t Text::behind_document(int64_t at) const {
  int32_t symbol = 0;
  for (int64_t i = std::max<int64_t>(0, at - 1); i < text_.size(); ++i) {
    text_.symbols(i, {&symbol, 1});
    if (symbol == spec_.end) return i + 1;
  }
  return text_.size();
}

int64_t Text::documents_in(const Part& part) const {
  constexpr int64_t kAtOnce = 1 << 16;
  std::vector<int32_t> symbols;
  int64_t count = 0;
  for (int64_t begin = part.begin; begin < part.end; begin += kAtOnce) {
    symbols.resize(static_cast<size_t>(std::min(kAtOnce, part.end - begin)));
    text_.symbols(begin, symbols);
    count += std::count(symbols.begin(), symbols.end(), static_cast<int32_t>(spec_.end));
  }
  return count;
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
