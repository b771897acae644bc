#include "cli/sample/options.hpp"

#include "cli/parse/command_line.hpp"
#include "cli/sample/caption.hpp"
#include "cli/sample/law.hpp"
#include "cli/words/constraint.hpp"

namespace mlrun::cli {

void add_sample_options(Command& command, SampleWords& words) {
  set_examples(command,
               "mlrun sample @last --show\n"
               "mlrun sample @last --grid 8x8 -o samples.png\n"
               "mlrun sample @last --class 7 -n 10          # of a conditional model\n"
               "mlrun sample @last --class 0..9 --captions -o classes.png   # a row for each class\n"
               "mlrun sample @last -n 8 --nearest 4 --captions -o nearest.png   # beside what it was trained on\n"
               "mlrun sample @last --grid 2x12 --ink black -o paper.png     # black on white\n"
               "mlrun sample @last --complete top -n 6 -o completions.png\n"
               "mlrun sample @last --complete mask.png --images 20..27 --show\n"
               "mlrun sample step-000001500.h5 -n 1000 --seed 7 -o samples.h5\n"
               "mlrun sample @last -n 1000 -o samples.npy    # numpy.load gives bytes [1000, 28, 28]\n"
               "mlrun sample @last -n 32 -o pairs.png       # of a VQ-VAE: images and their reconstructions\n"
               "mlrun sample @last --interpolate 3,8 -n 10 --show  # of a VQ-VAE: from one test image to another\n"
               "mlrun sample @last -n 4 --temperature 0.9 -o -     # symbols as text\n"
               "mlrun sample @last --prompt seven -n 4 -o sevens.png  # of captions: pictures for words\n"
               "mlrun sample @last --caption picture.png -n 3     # of captions: words for a picture\n"
               "mlrun sample @last --draft @last -n 4 -o -         # another, faster run is what speeds it up\n"
               "mlrun sample @last --prompt 'ROMEO:' --length 1000  # of a text\n"
               "mlrun sample @last --prompt @start.txt --top-p 0.95\n"
               "mlrun sample @last --match '[A-Z]+:\\n[A-Za-z ,]+[.!?]'       # a name in capitals, and a sentence\n"
               "mlrun sample @last --match '[^\\n]{20}' --law exact         # by the model's own law, given that\n"
               "mlrun sample @last --grammar verse.ebnf --length 100       # EBNF; likewise --json-schema\n"
               "mlrun sample @last --mask mask.txt --show   # of images: forced pixels\n"
               "mlrun sample @last --prompt 'ROMEO:' --length 1000 --stop 'JULIET'  # until she is named\n"
               "mpirun -n 2 mlrun sample @last -n 1000 -o samples.h5  # by two processes: the same samples");
  add_run(command, words.run);
  command.add_option("--which", words.which, "checkpoint of the run: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  command
      .add_option("-n", words.count, "how many (default: the grid, or 16); with --complete, of each image (default: 4)")
      ->between(int64_t{1}, int64_t{10'000'000})
      ->type_name("N");
  Option* grid =
      command.add_option("--grid", words.grid, "rows and columns of the sheet, such as 8x8")->type_name("RxC");
  Option* complete =
      command
          .add_option("--complete", words.complete,
                      "draw the rest of test images given the part that is KNOWN: top, left, right, bottom, center, "
                      "checker, rect:R0,C0,R1,C1 (rows R0 to R1-1, columns C0 to C1-1), or a mask.png (white: known); "
                      "of a table columns:A,B,C..D, by names or by numbers from 1. The picture has a row for each "
                      "image: itself, its known part, its completions")
          ->excludes(grid)
          ->type_name("KNOWN")
          ->takes({{Value::kKnownPart}});
  command
      .add_option("--interpolate", words.interpolate,
                  "of a VQ-VAE: -n pictures from test image A to B, whose encodings are mixed, quantised and decoded "
                  "(numbers from 0; default: 16 pictures)")
      ->excludes(grid)
      ->excludes(complete)
      ->type_name("A,B");
  add_caption_option(command, words.caption, grid, complete);
  command
      .add_option("--images", words.images,
                  "which images of the test split --complete takes: how many, of all classes, or a list of numbers and "
                  "ranges A..B from 0 (default: 8)")
      ->needs(complete)
      ->type_name("N|A..B,...");
  command
      .add_option("--sampler", words.sampler,
                  "sequential: one pixel after the other; predictive: all at once, again until nothing changes, to the "
                  "same images (convolutional models, nade and eonade; the others would draw a few other ones). auto: "
                  "sequential where the model has a step form of its own")
      ->one_of({"auto", "sequential", "predictive"})
      ->excludes(complete);
  command.add_option("--seed", words.seed, "of the draws: image i of a seed is the same in every call")->type_name("N");
  add_law_options(command, words.law);
  add_text_options(command, words.text, complete);
  add_draft_options(command, words.draft, complete);
  add_constraint_options(command, words.constraint, complete);
  command
      .add_option(
          "--law", words.constraint_law,
          "of a constraint: local (each step renormalised over what is allowed, as the tools of the field do) or "
          "exact (the model given the constraint, by rejection; refused where hardly a sample would stay)")
      ->excludes(complete)
      ->one_of({"local", "exact"});
  command
      .add_option("--class", words.classes,
                  "of a conditional model: all of this class (default: drawn from p(y); with --complete, each image's "
                  "own). Of several, such as 0..9 or all, each has a row of -n samples (default: 8)")
      ->type_name("K|A..B,...|all")
      ->takes({{}, {"all"}});
  command
      .add_option("--nearest", words.nearest,
                  "beside each sample the K training images nearest to it, and the distance: is the model copying?")
      ->between(int64_t{1}, int64_t{100})
      ->excludes(complete)
      ->excludes(grid)
      ->type_name("K");
  command.add_option("--batch", words.batch, "images that are drawn together")
      ->between(int64_t{1}, int64_t{65536})
      ->type_name("N");
  add_sheet_options(command, words.sheet);
  command.add_option("-o,--out", words.out, "a file ending in .png, .h5, .npy or .txt, or - for text on stdout")
      ->type_name("FILE");
  command.add_flag("--show", words.show, "draw them in the terminal");
  command.add_option("--threads", words.threads, "auto: the affinity mask")->type_name("N|auto")->takes({{}, {"auto"}});
  add_mixed_cpus(command, words.mixed_cpus);
}

}  // namespace mlrun::cli
