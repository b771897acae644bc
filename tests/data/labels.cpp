// Labels of tables and of arrays of images: columns, files, words and numbers; names of classes and columns.
#include <algorithm>

#include "catch.hpp"
#include "data/support.hpp"
#include "io/file.hpp"
#include "io/hdf5/writer.hpp"

using namespace mlrun;
using namespace mlrun::testing;

namespace {

const std::string kAnimals =
    "wings,species,legs\n"
    "0,wasp,1\n1,ant,0\n1,bee,1\n0,ant,0\n1,wasp,1\n0,bee,0\n";

struct Files {
  TemporaryDirectory folder;
  DataSources sources{.root = folder.path(), .cache = "", .seed = 1};
  std::unique_ptr<Dataset> table(const std::string& options) const {
    return dataset("kind: table\n" + options, sources);
  }
  std::string refusal(const std::string& options) const {
    return error_of([&] { table(options); });
  }
};

std::vector<int32_t> labels(const Dataset& data, Split split) {
  return numbers(data.batch(split, first(data.count(split)), 0).labels);
}

std::string thrice(const std::string& file) { return "train: " + file + "\nvalid: " + file + "\ntest: " + file; }

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string npy(const std::string& descr, const std::string& shape, const std::string& values) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string out = "\x93NUMPY\x01";
  out += '\0';
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  return out + header + values;
}

}  // namespace

TEST_CASE("a column of a table is its labels, by name or number, and no symbol") {
  const Files files;
  write_file(files.folder / "animals.csv", kAnimals);
  for (const char* column : {"species", "2"}) {
    const auto data = files.table(thrice("animals.csv") + "\nlabels: " + column);
    CHECK(data->spec().classes == 3);
    CHECK(data->spec().positions() == 2);
    CHECK(symbols(*data, Split::kTrain) == std::vector<int32_t>{0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0});
    CHECK(labels(*data, Split::kValid) == std::vector<int32_t>{2, 0, 1, 0, 2, 1});
    CHECK(data->names().classes == std::vector<std::string>{"ant", "bee", "wasp"});
    CHECK(data->names().columns == std::vector<std::string>{"wings", "legs"});
    CHECK(says(data->description(), "3 classes (0 ant, 1 bee, 2 wasp)"));
    CHECK(data->why_no_labels().empty());
  }
  // Dealt out, every row keeps its label: an ant has no legs here, a wasp has.
  const auto dealt = files.table("train: animals.csv\nsplit: [0.5, 0.25, 0.25]\nlabels: species");
  int rows = 0;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    const std::vector<int32_t> s = symbols(*dealt, split), y = labels(*dealt, split);
    for (size_t i = 0; i < y.size(); ++i, ++rows) {
      if (y[i] == 0) CHECK(s[2 * i + 1] == 0);
      if (y[i] == 2) CHECK(s[2 * i + 1] == 1);
    }
  }
  CHECK(rows == 6);
}

TEST_CASE("numbers as labels are classes by size, and keep their names where they do not count up from 0") {
  const Files files;
  write_file(files.folder / "a.csv", "0,1,2\n1,0,0\n1,1,1\n");
  const auto plain = files.table(thrice("a.csv") + "\nlabels: 3");
  CHECK(labels(*plain, Split::kTest) == std::vector<int32_t>{2, 0, 1});
  CHECK(plain->names().classes.empty());
  write_file(files.folder / "b.csv", "0,1,10\n1,0,3.0\n1,1,3\n");
  const auto named = files.table(thrice("b.csv") + "\nlabels: 3");
  CHECK(labels(*named, Split::kTest) == std::vector<int32_t>{1, 0, 0});
  CHECK(named->names().classes == std::vector<std::string>{"3", "10"});
}

TEST_CASE("labels come from files of their own, in every format, and from columns of arrays") {
  const Files files;
  write_file(files.folder / "rows.csv", "0,1\n1,0\n1,1\n");
  write_file(files.folder / "words.txt", "cat\ndog\ncat\n");
  write_file(files.folder / "named.txt", "animal\ncat\ndog\ncat\n");
  write_file(files.folder / "numbers.npy", npy("|u1", "(3,)", std::string("\0\1\0", 3)));
  io::Hdf5Writer writer;
  writer.dataset("/y", std::vector<int64_t>{0, 1, 0});
  writer.dataset("/rows", Tensor::of({3, 3}, std::vector<int32_t>{0, 0, 1, 1, 1, 0, 0, 1, 1}));
  io::write_atomically(files.folder / "all.h5", writer.finish().span());
  for (const std::string file : {"words.txt", "named.txt", "numbers.npy", "all.h5:/y"}) {
    INFO(file);
    const auto data =
        files.table(thrice("rows.csv") + "\nlabels: " + file + "\nvalid_labels: " + file + "\ntest_labels: " + file);
    CHECK(labels(*data, Split::kTest) == std::vector<int32_t>{0, 1, 0});
    CHECK(symbols(*data, Split::kTest) == std::vector<int32_t>{0, 1, 1, 0, 1, 1});
  }
  const auto column = files.table(thrice("all.h5:/rows") + "\nlabels: 1");
  CHECK(labels(*column, Split::kTrain) == std::vector<int32_t>{0, 1, 0});
  CHECK(symbols(*column, Split::kTrain) == std::vector<int32_t>{0, 1, 1, 0, 1, 1});
}

TEST_CASE("what is wrong about labels is said with file, place and remedy") {
  const Files files;
  write_file(files.folder / "animals.csv", kAnimals);
  write_file(files.folder / "other.csv", "wings,species,legs\n0,want,1\n1,ant,0\n");
  write_file(files.folder / "one.csv", "0,1\n1,1\n");
  write_file(files.folder / "short.txt", "cat\n");
  write_file(files.folder / "gap.csv", "wings,species\n0,ant\n1,\n");
  const auto check = [&](const std::string& options, const std::string& part) {
    const std::string found = files.refusal(options);
    INFO(found);
    CHECK(says(found, part));
  };
  check(thrice("animals.csv"), "found 'wasp', expected a whole number 0 .. 65535 (column 'species')");
  check(thrice("animals.csv"), "data.labels=species");
  check(thrice("animals.csv") + "\nlabels: specis", "did you mean 'species'?");
  check(thrice("animals.csv") + "\nlabels: 4", "1 to 3");
  check("train: animals.csv\nvalid: other.csv\ntest: animals.csv\nlabels: species",
        "no class 'want'; did you mean 'ant'?");
  check(thrice("one.csv") + "\nlabels: 2", "every row is of class '1'");
  check("train: one.csv\nsplit: [0.4, 0.3, 0.3]\nlabels: short.txt", "found 1 labels, expected one for each of 2 rows");
  check("train: one.csv\nsplit: [0.4, 0.3, 0.3]\nlabels: missing.txt", "data.labels: missing.txt");
  check(thrice("one.csv") + "\nlabels: short.txt", "'valid_labels' is not given");
  check(thrice("one.csv") + "\nvalid_labels: short.txt", "without 'labels'");
  check(thrice("gap.csv") + "\nlabels: species", "gap.csv:3:3: found nothing, expected the class");
  std::string many = "x,y\n";
  for (int i = 0; i < 300; ++i) many += "1,c" + std::to_string(i) + "\n";
  write_file(files.folder / "many.csv", many);
  check(thrice("many.csv") + "\nlabels: y", "the 257th different label");
}

TEST_CASE("arrays of grey levels are images, with labels from a file") {
  const Files files;
  const auto images = [&](const std::string& options) { return dataset("kind: images\n" + options, files.sources); };
  std::string pixels;
  for (int i = 0; i < 8; ++i) pixels.push_back(static_cast<char>(i * 32));
  write_file(files.folder / "x.npy", npy("|u1", "(2, 2, 2)", pixels));
  write_file(files.folder / "y.npy", npy("|u1", "(2,)", std::string("\1\0", 2)));
  const std::string with_labels = "\nlabels: y.npy\nvalid_labels: y.npy\ntest_labels: y.npy";
  const auto cube = images(thrice("x.npy") + "\nbinarization: none" + with_labels);
  CHECK(cube->spec().shape == Shape{2, 2});
  CHECK(cube->spec().alphabet == 256);
  CHECK(symbols(*cube, Split::kTest) == std::vector<int32_t>{0, 32, 64, 96, 128, 160, 192, 224});
  CHECK(labels(*cube, Split::kTrain) == std::vector<int32_t>{1, 0});
  // The same levels as numbers from 0 to 1, in rows of a text.
  write_file(files.folder / "x.csv", "0,0.1254902,0.2509804,0.3764706\n0.5019608,0.6274510,0.7529412,1\n");
  const auto rows = images(thrice("x.csv") + "\nbinarization: none\nshape: [2, 2]");
  CHECK(symbols(*rows, Split::kTest) == std::vector<int32_t>{0, 32, 64, 96, 128, 160, 192, 255});
  const auto threshold = images(thrice("x.csv") + "\nbinarization: threshold\nshape: [2, 2]");
  CHECK(symbols(*threshold, Split::kTest) == std::vector<int32_t>{0, 0, 0, 0, 1, 1, 1, 1});
  const auto check = [&](const std::string& options, const std::string& part) {
    const std::string found = error_of([&] { images(options + "\nbinarization: none"); });
    INFO(found);
    CHECK(says(found, part));
  };
  check(thrice("x.csv"), "'data.shape=[2, 2]'");
  check(thrice("x.csv") + "\nshape: [3, 2]", "expected [N, 3, 2] or [N, 6]");
  write_file(files.folder / "bad.csv", "0,300,1,2\n");
  check(thrice("bad.csv") + "\nshape: [2, 2]", "image 0, row 0, column 1 (from 0): found 300");
  check("train: folder\nsplit: [0.8, 0.1, 0.1]\nlabels: y.npy", "a folder of pictures");
}
