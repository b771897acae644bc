// mlrun compress: images in as many bits as their negative log-likelihood.
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/text_table.hpp"
#include "cli/words/threads.hpp"
#include "coding/compress.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

struct CompressOptions {
  std::string run, which = "best", input, output, threads = "auto";
  std::optional<int64_t> limit;
};

void run_compress(const CompressOptions& o, const Globals& globals) {
  const CompressOutcome c = compress({.selector = o.run,
                                      .which = o.which,
                                      .input = o.input,
                                      .output = o.output,
                                      .limit = o.limit,
                                      .threads = threads_of(o.threads)});
  const double bits = static_cast<double>(c.bytes) * 8, nll_bits = c.nats / std::numbers::ln2;
  const double ratio = static_cast<double>(c.packed_bytes) / static_cast<double>(c.bytes);
  if (globals.json) {
    const nlohmann::ordered_json answer = {{"checkpoint", c.checkpoint},
                                           {"input", o.input},
                                           {"file", o.output},
                                           {"count", c.images},
                                           {"bytes", c.bytes},
                                           {"header_bytes", c.header_bytes},
                                           {"bits", c.bytes * 8},
                                           {"nats", c.nats},
                                           {"bound", c.bound},
                                           {"nll_bits", nll_bits},
                                           {"packed_bytes", c.packed_bytes},
                                           {"ratio", ratio}};
    fmt::print("{}\n", io::json_line(answer));
    return;
  }
  // Of two stages, the codes and the pixels given them cost the bound.
  TextTable table({c.of_images ? "images" : "sequences", "bytes", "bits", c.bound ? "bound, bits" : "-log2 p", "excess",
                   "packed bytes", "ratio", c.of_images ? "nats/image" : "nats/sequence"});
  table.add({fmt::format("{}", c.images), fmt::format("{}", c.bytes), fmt::format("{}", c.bytes * 8),
             fmt::format("{:.0f}", nll_bits), nll_bits > 0 ? fmt::format("{:.3f}%", 100 * (bits / nll_bits - 1)) : "-",
             fmt::format("{}", c.packed_bytes), fmt::format("{:.3f}", ratio),
             fmt::format("{:.3f}", c.nats / static_cast<double>(c.images))});
  print_fitting(table, {"packed bytes", "bits", c.of_images ? "images" : "sequences"});
}

}  // namespace

void add_compress(Command& command, const Globals& globals) {
  auto o = std::make_shared<CompressOptions>();
  set_examples(
      command,
      "mlrun compress @last split:test -o test.mlrun\n"
      "mlrun compress @best:valid/nll binarized_mnist_test.amat.gz -o first.mlrun --limit 1000\n"
      "mlrun compress step-000001500.h5 t10k-images-idx3-ubyte -o t10k.mlrun --json   # of a model of grey levels");
  add_run(command, o->run);
  command
      .add_option("INPUT", o->input,
                  "split:train, split:valid or split:test of the run's data (comes back as .amat), or a file: .amat "
                  "text, idx images (plain or .gz), one grey PNG")
      ->required();
  command.add_option("-o,--out", o->output, "the compressed file")->required()->type_name("FILE");
  command.add_option("--limit", o->limit, "only the first N images")
      ->between(int64_t{1}, int64_t{1} << 40)
      ->type_name("N");
  command.add_option("--which", o->which, "checkpoint of the run: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  command.add_option("--threads", o->threads, "auto: the affinity mask; the bytes do not depend on it")
      ->type_name("N|auto")
      ->takes({{}, {"auto"}});
  command.callback([o, &globals] { run_compress(*o, globals); });
}

}  // namespace mlrun::cli
