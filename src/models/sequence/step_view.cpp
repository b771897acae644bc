#include "models/sequence/step_view.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "models/autoregressive/packed_step_view.hpp"

namespace mlrun {
namespace {

class SequenceStepper : public Stepper {
 public:
  SequenceStepper(const PackedSequence& packed, int64_t count, const int32_t* labels)
      : packed_(packed),
        count_(count),
        network_(packed.network, count, labels),
        waiting_(static_cast<size_t>(count), kStartSymbol) {}

  void logits(float* out) override {
    if (!waiting_.empty()) enter(out, 1);
    else packed_.head(stream_.data<float>(), count_, out);
  }

  void observe(const int32_t* symbols) override { extend(symbols, 1, nullptr); }

  bool can_extend() const override { return true; }
  void extend(const int32_t* symbols, int64_t length, float* out) override {
    waiting_.insert(waiting_.end(), symbols, symbols + length * count_);
    if (out) return enter(out, length);
    if (static_cast<int64_t>(waiting_.size()) > kRowsAtOnce) enter(nullptr, 0);
  }

  void head_logits(int64_t k, int32_t symbol, float* out) override {
    require(packed_.heads && count_ == 1, "heads of one sequence");
    if (!waiting_.empty()) enter(nullptr, 0);
    if (k == 1) ahead_.assign(stream_.data<float>(), stream_.data<float>() + stream_.count());
    (*packed_.heads)(k, symbol, ahead_.data(), out);
  }

  bool can_rewind() const override { return true; }
  void mark() override {
    if (!waiting_.empty()) enter(nullptr, 0);
    network_.mark();
    has_mark_ = true;
    since_ = 0;
    passed_.clear();
    keep(stream_);
  }
  void rewind(int64_t kept) override {
    if (kept > since_) return waiting_.resize(static_cast<size_t>((kept - since_) * count_));
    network_.rewind(kept);
    waiting_.clear();
    since_ = kept;
    const int64_t row = stream_.count();
    passed_.resize(static_cast<size_t>((kept + 1) * row));
    std::copy_n(passed_.data() + kept * row, row, stream_.data<float>());
  }

 private:
  // Of a stretch: enough for products, and few enough for what is between them to stay in the caches.
  static constexpr int64_t kRowsAtOnce = 256;

  // The network goes over what waits, and the logits after the last `wanted` symbols go to `out`.
  void enter(float* out, int64_t wanted) {
    const int64_t length = static_cast<int64_t>(waiting_.size()) / count_;
    const int64_t at_once = std::max<int64_t>(1, kRowsAtOnce / count_), row = packed_.head.out() * count_;
    for (int64_t begin = 0; begin < length; begin += at_once) {
      const int64_t end = std::min(length, begin + at_once), first = std::max(begin, length - wanted);
      const Tensor streams = network_.extend(waiting_.data() + begin * count_, end - begin);
      if (first < end) {
        packed_.head(streams.rows(first - begin, end - begin).data<float>(), (end - first) * count_,
                     out + (first - (length - wanted)) * row);
      }
      if (has_mark_) since_ += end - begin, keep(streams);
      if (end == length) stream_ = streams.rows(end - begin - 1, end - begin).clone();
    }
    waiting_.clear();
  }

  void keep(const Tensor& streams) {
    if (since_ <= kPositionsKept)
      passed_.insert(passed_.end(), streams.data<float>(), streams.data<float>() + streams.count());
  }

  const PackedSequence& packed_;
  int64_t count_;
  SequenceNetwork::Stepper network_;
  std::vector<int32_t> waiting_;  // [., count] that the network has not yet seen
  Tensor stream_;                 // of the last position that it has seen [1, count, width]
  bool has_mark_ = false;
  int64_t since_ = 0;          // positions that it has seen since the mark
  std::vector<float> passed_;  // the streams at the mark, and of these
  std::vector<float> ahead_;   // what the next head goes on from
};

class SequenceStepView : public PackedStepView<PackedSequence, SequenceStepper> {
 public:
  SequenceStepView(PackedSequence packed, int64_t at_once, double products, double of_head)
      : PackedStepView(std::move(packed), at_once, products), of_head_(of_head) {}
  double products_per_head() const override { return of_head_; }

 private:
  double of_head_;
};

// Rows of documents, which end where they end: each row is stepped alone, and behind the end of a document anew.
class DocumentStepper : public Stepper {
 public:
  DocumentStepper(const PackedSequence& packed, int64_t count, const int32_t* labels) : packed_(packed) {
    if (labels) labels_.assign(labels, labels + count);
    for (int64_t row = 0; row < count; ++row) rows_.push_back(begun(row));
  }
  void logits(float* out) override {
    for (const auto& row : rows_) {
      row->logits(out);
      out += packed_.head.out();
    }
  }
  void observe(const int32_t* symbols) override {
    for (size_t row = 0; row < rows_.size(); ++row) {
      if (symbols[row] == packed_.end) rows_[row] = begun(static_cast<int64_t>(row));
      else rows_[row]->observe(symbols + row);
    }
  }

 private:
  std::unique_ptr<SequenceStepper> begun(int64_t row) const {
    return std::make_unique<SequenceStepper>(packed_, 1,
                                             labels_.empty() ? nullptr : &labels_[static_cast<size_t>(row)]);
  }
  const PackedSequence& packed_;
  std::vector<int32_t> labels_;
  std::vector<std::unique_ptr<SequenceStepper>> rows_;
};

}  // namespace

std::unique_ptr<StepView> sequence_step_view(PackedSequence packed, double products) {
  if (packed.end >= 0)
    return std::make_unique<PackedStepView<PackedSequence, DocumentStepper>>(std::move(packed), 0, products);
  const int64_t at_once = packed.network.sequences_at_once();
  const double of_head = packed.heads ? packed.heads->products() : 0;
  return std::make_unique<SequenceStepView>(std::move(packed), at_once, products, of_head);
}

}  // namespace mlrun
