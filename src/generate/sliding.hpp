// Steps beyond the length that a model was made for: the model begins anew whenever it is full, and is shown the last
// half of what it had seen. So a symbol is drawn given half a length to a whole one, and no longer given all of the
// past: another law than the model's own.
#pragma once

#include <memory>
#include <vector>

#include "models/model.hpp"

namespace mlrun {

class SlidingStepper : public Stepper {
 public:
  // `labels` [count] or null, as for StepView::begin; copied. The view must outlive it.
  SlidingStepper(const StepView& view, int64_t count, const int32_t* labels, const DataSpec& data);
  void logits(float* out) override;
  void observe(const int32_t* symbols) override;

 private:
  void begin();
  void make_room();

  const StepView& view_;
  int64_t count_, positions_;
  std::vector<int32_t> labels_;
  std::unique_ptr<Stepper> stepper_;
  std::vector<std::vector<int32_t>> seen_;  // by the stepper: at each position, the symbols of all sequences
  std::vector<float> scratch_;              // logits that nobody asked for
};

}  // namespace mlrun
