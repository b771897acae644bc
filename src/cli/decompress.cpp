// mlrun decompress: what mlrun compress stored.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/parse/values.hpp"
#include "cli/words/threads.hpp"
#include "coding/compress.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

struct DecompressOptions {
  std::string run, which = "best", input, output, threads = "auto";
};

void run_decompress(const DecompressOptions& o, const Globals& globals) {
  const DecompressOutcome d = decompress(
      {.selector = o.run, .which = o.which, .input = o.input, .output = o.output, .threads = threads_of(o.threads)});
  if (globals.json) {
    const nlohmann::ordered_json answer = {
        {"file", o.output}, {"format", d.format}, {"count", d.images}, {"bytes", d.bytes}, {"sha256", d.sha256}};
    fmt::print("{}\n", io::json_line(answer));
    return;
  }
  log::info("{} {} in {} ({}, {} bytes), sha256 {:.12} ok", d.images, d.of_images ? "images" : "sequences", o.output,
            d.format, d.bytes, d.sha256);
}

}  // namespace

void add_decompress(Command& command, const Globals& globals) {
  auto o = std::make_shared<DecompressOptions>();
  set_examples(command,
               "mlrun decompress @last test.mlrun -o test.amat\n"
               "mlrun decompress step-000001500.h5 t10k.mlrun -o t10k-images-idx3-ubyte");
  command.add_option("RUN", o->run, "the run or checkpoint that it was compressed with")
      ->required()
      ->type_name("RUN|CHECKPOINT")
      ->takes({{Value::kRun, Value::kCheckpointFile}});
  command.add_option("FILE", o->input, "a file of mlrun compress")->required()->type_name("FILE");
  command.add_option("-o,--out", o->output, "the file to write, in the format of the original")
      ->required()
      ->type_name("FILE");
  command.add_option("--which", o->which, "checkpoint of the run: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  command.add_option("--threads", o->threads, "auto: the affinity mask")->type_name("N|auto")->takes({{}, {"auto"}});
  command.callback([o, &globals] { run_decompress(*o, globals); });
}

}  // namespace mlrun::cli
