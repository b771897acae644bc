#include "run/eval_command.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/hdf5_writer.hpp"
#include "run/find_run.hpp"
#include "run/run_directory.hpp"
#include "run/train_command.hpp"

namespace mlrun {
namespace {

io::Bytes evaluation_image(const EvalOutcome& outcome, Split split) {
  io::Hdf5Writer file;
  file.attribute("/", "mlrun_format", std::string_view("evaluation"));
  file.attribute("/", "mlrun_format_version", 1);
  file.attribute("/", "checkpoint", outcome.checkpoint);
  file.attribute("/", "step", outcome.step);
  file.attribute("/", "split", std::string_view(name_of(split)));
  file.attribute("/", "protocol", outcome.protocol);
  file.attribute("/", "nll", outcome.result.nll);
  file.attribute("/", "nll_se", outcome.result.nll_se);
  file.attribute("/", "bpd", outcome.result.bpd);
  file.dataset("nll", outcome.result.per_example);
  file.attribute("nll", "unit", std::string_view("nats"));
  return file.finish();
}

// "/run" for /run/checkpoints/step-N.h5, else "".
std::string run_of(const std::string& checkpoint) {
  const size_t part = checkpoint.rfind("/checkpoints/");
  return part != std::string::npos && RunDirectory::is_run(checkpoint.substr(0, part)) ? checkpoint.substr(0, part)
                                                                                       : "";
}

}  // namespace

EvalOutcome evaluate_checkpoint(const EvalRequest& request) {
  bool other_data = false;
  for (const std::string& o : request.overrides) {
    if (o.rfind("data.", 0) != 0 && o.rfind("eval.", 0) != 0)
      fail(ExitCode::kUsage, "'{}': eval takes overrides of data.* and eval.* only", o);
    other_data = other_data || o.rfind("data.", 0) == 0;
  }
  const std::string path = find_checkpoint(request.selector, request.which);
  const TrainedModel trained = load_trained_model(path);
  const Experiment experiment =
      Experiment::from_text(trained.identity.resolved_yaml, path, request.overrides, request.places);
  const std::unique_ptr<Dataset> data =
      experiment.spec().data.build(data_sources_from_environment(trained.identity.seed));
  if (data->spec().shape != trained.identity.data.shape || data->spec().alphabet != trained.identity.data.alphabet) {
    fail(ExitCode::kData, "{}: the model is of data of shape {} with {} symbols, and this data has {} with {}", path,
         to_string(trained.identity.data.shape), trained.identity.data.alphabet, to_string(data->spec().shape),
         data->spec().alphabet);
  }
  if (!other_data && data->hash() != trained.identity.data_hash) {
    fail(ExitCode::kData,
         "{}: trained on data with sha256 {:.12}, and the data found now has {:.12}\n"
         "  name the data to evaluate on it all the same   mlrun eval {} data.kind={}",
         path, trained.identity.data_hash, data->hash(), request.selector, experiment.spec().data.kind());
  }
  LanePool pool(threads_for(256, request.threads));
  EvalOutcome outcome;
  outcome.run = run_of(path);
  outcome.checkpoint = path;
  outcome.protocol = data->protocol();
  outcome.step = trained.state.step;
  outcome.result = evaluate(
      *trained.built.model, *trained.built.parameters, *data, request.split,
      {.batch_size = experiment.spec().eval.batch_size, .limit = {}, .interrupted = request.interrupted}, pool);
  const io::Bytes image = evaluation_image(outcome, request.split);
  if (!request.per_example.empty()) io::write_atomically(request.per_example, image.span());
  if (!outcome.run.empty() && !other_data) {
    try {
      io::write_atomically(fmt::format("{}/evals/step-{:09}-{}.h5", outcome.run, outcome.step, name_of(request.split)),
                           image.span());
    } catch (const Error& e) {
      log::warning("the result is not kept in the run: {}", e.what());
    }
  }
  return outcome;
}

}  // namespace mlrun
