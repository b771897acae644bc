// mlrun decompress: what mlrun compress stored.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/parse/values.hpp"
#include "cli/threads.hpp"
#include "coding/compress.hpp"

namespace mlrun::cli {
namespace {

struct Options {
  std::string run, which = "best", input, output, threads = "auto";
};

void run(const Options& o, const Globals& globals) {
  const DecompressOutcome d = decompress(
      {.selector = o.run, .which = o.which, .input = o.input, .output = o.output, .threads = threads_of(o.threads)});
  if (globals.json) {
    const nlohmann::ordered_json answer = {
        {"file", o.output}, {"format", d.format}, {"count", d.images}, {"bytes", d.bytes}, {"sha256", d.sha256}};
    fmt::print("{}\n", answer.dump());
    return;
  }
  log::info("{} images in {} ({}, {} bytes), sha256 {:.12} ok", d.images, o.output, d.format, d.bytes, d.sha256);
}

void add(Command& app, const Globals& globals) {
  Command* sub = app.add_subcommand(
      "decompress",
      "bring back what compress stored, verified by its SHA-256; needs the same checkpoint and the same kind of CPU. "
      "Exit 3: damaged or not such a file; 7: made with another checkpoint, version or kind of CPU");
  auto o = std::make_shared<Options>();
  set_examples(*sub,
               "mlrun decompress @last test.mlrun -o test.amat\n"
               "mlrun decompress step-000001500.h5 t10k.mlrun -o t10k-images-idx3-ubyte");
  sub->add_option("RUN", o->run, "the run or checkpoint that it was compressed with")
      ->required()
      ->type_name("RUN|CHECKPOINT")
      ->takes({{Value::kRun, Value::kCheckpointFile}});
  sub->add_option("FILE", o->input, "a file of mlrun compress")->required()->type_name("FILE");
  sub->add_option("-o,--out", o->output, "the file to write, in the format of the original")
      ->required()
      ->type_name("FILE");
  sub->add_option("--which", o->which, "checkpoint of the run: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  sub->add_option("--threads", o->threads, "auto: the affinity mask")->type_name("N|auto")->takes({{}, {"auto"}});
  sub->callback([o, &globals] { run(*o, globals); });
}

[[maybe_unused]] const bool registered = register_command(37, add);

}  // namespace
}  // namespace mlrun::cli
