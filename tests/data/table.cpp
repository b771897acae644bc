#include <algorithm>

#include "catch.hpp"
#include "data/table_file.hpp"
#include "io/file.hpp"
#include "io/hdf5/writer.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using namespace testing;

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

struct Files {
  TemporaryDirectory folder;
  DataSources sources{.root = folder.path(), .cache = "", .seed = 1};
  std::unique_ptr<Dataset> read(const std::string& options) const {
    return dataset("kind: table\n" + options, sources);
  }
  std::string refusal(const std::string& options) const {
    return error_of([&] { read(options); });
  }
};

TEST_CASE("A table reads the same rows from every format") {
  Files files;
  const std::vector<int32_t> expected = {0, 1, 2, 3, 4, 0};
  const std::string as_bytes("\0\1\2\3\4\0", 6);
  std::string as_doubles;
  for (const double v : {0., 1., 2., 3., 4., 0.}) as_doubles.append(reinterpret_cast<const char*>(&v), 8);
  write_file(files.folder / "a.amat", "0 1 2\n3 4 0\n");
  write_file(files.folder / "a.csv", "0,1,2\n3,4,0\n");
  write_file(files.folder / "a.csv.gz", gzipped("0;1;2\n3;4;0\n"));
  write_file(files.folder / "a.npy", npy("|u1", "(2, 3)", as_bytes));
  write_file(files.folder / "b.npy.gz", gzipped(npy("<f8", "(2, 3)", as_doubles)));
  Tensor rows = Tensor::of({2, 3}, expected);
  Tensor small({2, 3}, DType::kU8);
  for (int i = 0; i < 6; ++i) small.data<uint8_t>()[i] = static_cast<uint8_t>(expected[static_cast<size_t>(i)]);
  io::Hdf5Writer writer;
  writer.dataset("/x/rows", rows);
  writer.dataset("/x/small", small);
  io::write_atomically(files.folder / "a.h5", writer.finish().span());

  std::string hash;
  for (const char* name : {"a.amat", "a.csv", "a.csv.gz", "a.npy", "b.npy.gz", "a.h5:/x/rows", "a.h5:/x/small"}) {
    INFO(name);
    const std::string file = name;
    const auto data = files.read("train: " + file + "\nvalid: " + file + "\ntest: " + file);
    CHECK(data->spec().shape == Shape{3});
    CHECK(data->spec().alphabet == 5);
    CHECK(data->spec().classes == 0);
    CHECK(symbols(*data, Split::kTrain) == expected);
    CHECK(symbols(*data, Split::kTest) == expected);
    if (hash.empty()) hash = data->hash();
    CHECK(data->hash() == hash);
  }
}

TEST_CASE("A table of bits has alphabet 2, and shape makes images of it") {
  Files files;
  write_file(files.folder / "a.csv", "0,1,1,0,1,0\n0,0,0,0,0,0\n");
  const std::string all = "train: a.csv\nvalid: a.csv\ntest: a.csv\n";
  CHECK(files.read(all)->spec().alphabet == 2);
  CHECK(files.read(all + "alphabet: 4")->spec().alphabet == 4);
  CHECK(files.read(all)->description() == "a.csv 2/2/2 rows of 6 symbols, alphabet 2");
  const auto image = files.read(all + "shape: [2, 3]");
  CHECK(image->spec().shape == Shape{2, 3});
  CHECK(image->render(std::vector<int32_t>{0, 1, 1, 0, 1, 0}).at(1, 0) == 255);
  CHECK(image->hash() != files.read(all)->hash());
  CHECK(files.refusal(all + "shape: [3, 3]").starts_with("2: data.shape: [3, 3] has 9 pixels"));
  CHECK(files.refusal(all + "shape: [6]").starts_with("2: "));
}

TEST_CASE("split deals the rows of one file out, by the seed, each once") {
  Files files;
  std::string text;
  for (int i = 0; i < 40; ++i) text += std::to_string(i) + "\n";
  write_file(files.folder / "a.csv", text);
  const auto data = files.read("train: a.csv\nsplit: [0.8, 0.1, 0.1]");
  CHECK(data->count(Split::kTrain) == 32);
  CHECK(data->count(Split::kValid) == 4);
  CHECK(data->count(Split::kTest) == 4);
  CHECK(data->protocol() == "table, split 0.8/0.1/0.1 (seed 1)");
  std::vector<int32_t> all;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    const auto part = symbols(*data, split);
    all.insert(all.end(), part.begin(), part.end());
  }
  CHECK_FALSE(std::is_sorted(all.begin(), all.end()));
  std::sort(all.begin(), all.end());
  for (int i = 0; i < 40; ++i) CHECK(all[static_cast<size_t>(i)] == i);
  files.sources.seed = 2;
  const auto other = files.read("train: a.csv\nsplit: [0.8, 0.1, 0.1]");
  CHECK(symbols(*other, Split::kTest) != symbols(*data, Split::kTest));
  CHECK(other->hash() != data->hash());
  CHECK(files.refusal("train: a.csv\nsplit: [0.98, 0.01, 0.01]").find("too few for data.split") != std::string::npos);
}

TEST_CASE("Mistakes in a table's options are the spec's mistakes") {
  Files files;
  write_file(files.folder / "a.csv", "0,1\n");
  CHECK(files.refusal("train: a.csv").find("'valid' is not given, and neither is 'split'") != std::string::npos);
  CHECK(files.refusal("train: a.csv\nsplit: [0.5, 0.5]").find("found 2 shares, expected 3") != std::string::npos);
  CHECK(files.refusal("train: a.csv\nsplit: [0.5, 0.1, 0.1]").find("the shares sum to 0.7, expected 1") !=
        std::string::npos);
  CHECK(files.refusal("train: a.csv\ntest: a.csv\nsplit: [0.8, 0.1, 0.1]").find("choose one of the two") !=
        std::string::npos);
  CHECK(files.refusal("train: a.doc\nsplit: [0.8, 0.1, 0.1]").find(".amat, .csv") != std::string::npos);
  CHECK(files.refusal("train: a.h5\nsplit: [0.8, 0.1, 0.1]").find("FILE.h5:/DATASET") != std::string::npos);
  CHECK(files.refusal("").starts_with("2: "));
}

TEST_CASE("Missing and damaged table files are refused by name") {
  Files files;
  write_file(files.folder / "a.csv", "0,1\n");
  write_file(files.folder / "wide.csv", "0,1,1\n");
  write_file(files.folder / "bad.npy", npy("|u1", "(2, 3)", "12345"));
  write_file(files.folder / "flat.npy", npy("|u1", "(6,)", std::string(6, '\1')));
  double half = 0.5;
  write_file(files.folder / "half.npy", npy("<f8", "(1, 1)", std::string(reinterpret_cast<const char*>(&half), 8)));
  write_file(files.folder / "bad.h5", "not HDF5");
  const auto with = [&](const std::string& test) { return files.refusal("train: a.csv\nvalid: a.csv\ntest: " + test); };
  CHECK(with("b.csv").starts_with("3: " + (files.folder / "b.csv") + " is missing   (data.test: b.csv, spec.yaml:5)"));
  CHECK(with("wide.csv").find("found rows of 3 symbols, expected 2") != std::string::npos);
  CHECK(with("bad.npy").starts_with("3: " + (files.folder / "bad.npy")));
  CHECK(with("flat.npy").find("found an array of shape [6], expected [rows, symbols]") != std::string::npos);
  CHECK(with("half.npy").find("row 0, column 0 (from 0): found 0.5, expected a whole number") != std::string::npos);
  CHECK(with("bad.h5:/x").starts_with("3: " + (files.folder / "bad.h5")));
  CHECK(with("a.csv\nalphabet: 2") == "");
  write_file(files.folder / "two.csv", "0,2\n");
  CHECK(with("two.csv\nalphabet: 2").find("two.csv:1:3: found '2', expected 0 or 1") != std::string::npos);
}

}  // namespace
}  // namespace mlrun
