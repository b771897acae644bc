// mlrun export: weights and metrics, for other programs.
#include <memory>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "commands/export_metrics.hpp"
#include "commands/export_weights.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/json_line.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "runs/select_runs.hpp"

namespace mlrun::cli {
namespace {

struct ExportOptions {
  std::vector<std::string> selectors, out;
  std::string which = "best";
  bool raw = false;
};

bool is_weights(const std::string& file) { return file.ends_with(".safetensors") || file.ends_with(".npz"); }
bool is_events(const std::string& file) { return file.ends_with("/"); }

void require_known_format(const std::string& file) {
  if (is_weights(file) || is_events(file) || file.ends_with(".csv") || file.ends_with(".jsonl")) return;
  fail(ExitCode::kUsage,
       "-o {}: the name says what is written\n"
       "  weights      .safetensors or .npz\n"
       "  metrics      .csv or .jsonl, or a folder with a / at its end for TensorBoard",
       file);
}

void write_weights(const ExportOptions& o, const std::string& file) {
  if (o.selectors.size() != 1) fail(ExitCode::kUsage, "-o {}: weights are of one run or checkpoint", file);
  const Checkpoint checkpoint(find_checkpoint(o.selectors[0], o.which));
  const ExportedWeights weights = exported_weights(checkpoint, !o.raw);
  io::write_atomically(file, file.ends_with(".npz") ? io::npz_of(weights.tensors)
                                                    : io::safetensors_of(weights.tensors, weights.metadata));
  log::info("{}: {} tensors at step {}, {}", file, weights.tensors.size(), checkpoint.state().step,
            weights.averaged ? "averaged weights" : "weights as they were trained");
}

// DIR/ID/events.out.tfevents.mlrun: TensorBoard shows each folder as a run.
void write_events(const std::vector<RunSummary>& runs, const std::string& folder) {
  for (const RunSummary& run : runs) {
    io::make_directories(folder + run.id);
    io::write_atomically(folder + run.id + "/events.out.tfevents.mlrun", metrics_events(run));
  }
  log::info("{}: event files of {} run{}; tensorboard --logdir {}", folder, runs.size(), runs.size() == 1 ? "" : "s",
            folder);
}

void run_export(const ExportOptions& o, const Globals& globals) {
  for (const std::string& file : o.out) require_known_format(file);
  std::vector<RunSummary> runs;
  for (const std::string& file : o.out) {
    if (is_weights(file)) {
      write_weights(o, file);
      continue;
    }
    if (runs.empty()) runs = select_runs(o.selectors);
    if (is_events(file)) write_events(runs, file);
    else io::write_atomically(file, file.ends_with(".csv") ? metrics_csv(runs) : metrics_json_lines(runs));
  }
  if (globals.json) fmt::print("{}\n", io::json_line({{"files", o.out}}));
  else
    for (const std::string& file : o.out) fmt::print("{}\n", file);
}

}  // namespace

void add_export(Command& command, const Globals& globals) {
  auto o = std::make_shared<ExportOptions>();
  set_examples(
      command,
      "mlrun export @last -o weights.safetensors     # of the best checkpoint, averaged where the run averages\n"
      "mlrun export @last --which last --raw -o weights.npz\n"
      "mlrun export @group:lr -o metrics.csv         # of every run, with a column that names it\n"
      "mlrun export @group:lr -o tensorboard/        # then: tensorboard --logdir tensorboard/");
  command
      .add_option(
          "RUN", o->selectors,
          "runs: directory, beginning of an id, @group:NAME, @tag:NAME, @last, @group:NAME@best; for weights one "
          "run, or a checkpoint file")
      ->required()
      ->type_name("RUN...|CHECKPOINT")
      ->takes({{Value::kRuns, Value::kCheckpointFile}});
  command
      .add_option(
          "-o,--out", o->out,
          "what to write, by its name: .safetensors or .npz (weights), .csv or .jsonl (metrics), a folder/ (for "
          "TensorBoard); several may be given")
      ->required()
      ->type_name("FILE|DIR/")
      ->one_at_a_time();
  command.add_option("--which", o->which, "weights of which checkpoint: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  command.add_flag("--raw", o->raw, "weights as they were trained, also where the run keeps averages of them");
  command.callback([o, &globals] { run_export(*o, globals); });
}

}  // namespace mlrun::cli
