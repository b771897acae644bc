#include "cli/commands.hpp"

namespace mlrun::cli {
namespace {

struct Entry {
  const char* name;
  const char* summary;
  void (*add)(Command& command, const Globals& globals);
};

// In the order of the help. Names that begin with two underscores are for scripts, and hidden.
constexpr Entry kCommands[] = {
    {"train", "train a model; prints the run directory", add_train},
    {"eval", "likelihood of a split: mean, standard error, bits/dim", add_eval},
    {"sample", "draw from a trained model", add_sample},
    {"prove",
     "is it a likelihood? no logit sees its own or a later symbol, both views agree, probabilities sum to 1, samples "
     "have the entropy they should, and the test NLL is above the noise in the data. Exit 0: all pass; 1: a check "
     "failed",
     add_prove},
    {"compress",
     "store images in as many bits as their negative log-likelihood. What comes back is the file byte by byte "
     "(idx; .amat text of whole numbers with single blanks; of .gz the unpacked bytes; of --limit the first rows), "
     "of a PNG the grey pixels. A prior over the codes of a VQ-VAE stores the codes and then the images given them, "
     "in as many bits as the bound that `mlrun eval` states (where the encoder draws its codes, by bits-back)",
     add_compress},
    {"decompress",
     "bring back what compress stored, verified by its SHA-256; needs the same checkpoint and the same kind of CPU. "
     "Exit 3: damaged or not such a file; 7: made with another checkpoint, version or kind of CPU",
     add_decompress},
    {"validate", "check a spec, its data and its model without training", add_validate},
    {"config", "resolved specs, differences, the reference, a starter file", add_config},
    {"data", "what is in the data folder, and whether it is intact", add_data},
    {"ls", "list runs with their status and result", add_ls},
    {"show", "one run or checkpoint: spec, result, data, environment, files, tensors", add_show},
    {"compare", "what differs between runs, and their results", add_compare},
    {"plot", "learning curves and other metrics: in the terminal, or as PNG, SVG or PDF", add_plot},
    {"report", "a run or a sweep as one web page: results, curves, samples, settings, how to make it again",
     add_report},
    {"export", "weights as safetensors or .npz; metrics as CSV, JSON lines or for TensorBoard", add_export},
    {"watch", "runs in training, live in the terminal until Ctrl-C", add_watch},
    {"tag", "words to find runs by, after the fact", add_tag},
    {"note", "a remark on a run, kept with it", add_note},
    {"rename", "another name for a run", add_rename},
    {"rm", "remove runs; without --yes it only says which", add_rm},
    {"gc", "remove what no run needs; without --yes it only says what", add_gc},
    {"grid",
     "print one train command per combination; the shell runs them\n"
     "Every combination is checked first. A value that is a list stands in brackets.",
     add_grid},
    {"profile", "time per step, memory, share of each kernel", add_profile},
    {"doctor", "is this machine fit to train on? versions, cores, folders, remedies", add_doctor},
    {"hippo", "project a signal online on N polynomials, and read it back", add_hippo},
    {"completion", "print a script that completes commands, options, fields and runs", add_completion},
    {"__man", "write the manual pages into a folder", add_man},
    {"__complete", "candidates for the word under the cursor", add_complete},
};

}  // namespace

void add_commands(Command& app, const Globals& globals) {
  for (const Entry& entry : kCommands) {
    Command* command = app.add_subcommand(entry.name, entry.summary);
    if (entry.name[0] == '_') command->hide();
    entry.add(*command, globals);
  }
}

}  // namespace mlrun::cli
