#include "commands/sample/draft.hpp"

#include "base/error.hpp"
#include "runs/find_run.hpp"

namespace mlrun {

std::unique_ptr<const TrainedModel> load_draft(const std::string& run, const TrainedModel& model) {
  auto draft = std::make_unique<const TrainedModel>(load_trained_model(find_checkpoint(run)));
  const CheckpointIdentity &ours = model.identity, &theirs = draft->identity;
  const auto refuse = [&](const std::string& what) {
    fail(ExitCode::kUsage, "--draft {}: {}\n  a draft of the same symbols   is trained on the data of this run", run,
         what);
  };
  static_cast<void>(draft->autoregressive());
  if (ours.vocabulary.has_value() != theirs.vocabulary.has_value())
    refuse(ours.vocabulary ? "it is of no text, and this run is of one" : "it is of a text, and this run is of none");
  if (ours.vocabulary &&
      (ours.vocabulary->unit() != theirs.vocabulary->unit() || ours.vocabulary->codes() != theirs.vocabulary->codes()))
    refuse("its text has other characters than this run's");
  if (ours.caption_stream != theirs.caption_stream)
    refuse(!ours.caption_stream     ? "it is of captions and pictures, and this run is of none"
           : !theirs.caption_stream ? "it is of no captions and pictures, and this run is of some"
                                    : "its captions have other characters or another length than this run's");
  const bool codes = ours.stage_one != nullptr;
  if (codes != (theirs.stage_one != nullptr) ||
      (codes && ours.data_hash != theirs.data_hash))  // of stage one's weights: of another step they give other codes
    refuse(codes ? "its symbols are not the codes of this run's stage one"
                 : "its symbols are codes, and this run's are none");
  return draft;
}

}  // namespace mlrun
