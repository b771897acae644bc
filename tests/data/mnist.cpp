#include <algorithm>
#include <string>

#include "base/advice.hpp"
#include "base/lanes.hpp"
#include "catch.hpp"
#include "data/source_file.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using namespace testing;

struct SmallMnist {
  SmallMnist() { write_small_mnist(folder / "mnist"); }
  TemporaryDirectory folder;
  DataSources sources{.root = folder.path(), .cache = "", .seed = 1};
};

TEST_CASE("An idx set of any image size is split, labelled and described") {
  SmallMnist files;
  const auto data = dataset("kind: mnist\nbinarization: none", files.sources);
  CHECK(data->spec().shape == Shape{5, 4});
  CHECK(data->spec().alphabet == 256);
  CHECK(data->spec().classes == 10);
  CHECK(data->why_no_labels() == "");
  CHECK(data->count(Split::kTrain) == 50);
  CHECK(data->count(Split::kValid) == 10);
  CHECK(data->count(Split::kTest) == 12);
  CHECK(data->description() == "MNIST 50/10/12, grey");
  CHECK(data->protocol() == "none (256 grey levels)");
  const std::string pixels = small_images(60, 1);
  const Batch batch = data->batch(Split::kValid, std::vector<int64_t>{9, 0}, 0);
  CHECK(numbers(batch.labels) == std::vector<int32_t>{9, 0});
  for (size_t i = 0; i < 20; ++i) {
    CHECK(numbers(batch.symbols)[i] == static_cast<unsigned char>(pixels[59 * 20 + i]));
    CHECK(numbers(batch.symbols)[20 + i] == static_cast<unsigned char>(pixels[50 * 20 + i]));
  }
  const auto row = numbers(data->batch(Split::kValid, std::vector<int64_t>{9}, 0).symbols);
  CHECK(data->render(row).pixels[3] == row[3]);
}

TEST_CASE("threshold makes a pixel 1 from grey 128 on") {
  SmallMnist files;
  const auto grey = dataset("kind: mnist\nbinarization: none", files.sources);
  const auto binary = dataset("kind: mnist\nbinarization: threshold", files.sources);
  CHECK(binary->spec().alphabet == 2);
  CHECK(binary->spec().classes == 10);
  CHECK(binary->protocol() == "threshold (grey >= 128)");
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    const auto g = symbols(*grey, split), b = symbols(*binary, split);
    for (size_t i = 0; i < g.size(); ++i) REQUIRE(b[i] == (g[i] >= 128 ? 1 : 0));
  }
}

TEST_CASE("dynamic redraws the training split every epoch and never the others") {
  SmallMnist files;
  const auto data = dataset("kind: mnist\nbinarization: dynamic", files.sources);
  CHECK(data->spec().alphabet == 2);
  CHECK(symbols(*data, Split::kTrain, 0) == symbols(*data, Split::kTrain, 0));
  CHECK(symbols(*data, Split::kTrain, 0) != symbols(*data, Split::kTrain, 1));
  CHECK(symbols(*data, Split::kValid, 0) == symbols(*data, Split::kValid, 1));
  CHECK(symbols(*data, Split::kTest, 0) == symbols(*data, Split::kTest, 1));

  DataSources other = files.sources;
  other.seed = 2;
  const auto reseeded = dataset("kind: mnist\nbinarization: dynamic", other);
  CHECK(symbols(*data, Split::kTrain) != symbols(*reseeded, Split::kTrain));
  CHECK(symbols(*data, Split::kTest) != symbols(*reseeded, Split::kTest));
  CHECK(data->hash() == reseeded->hash());
  CHECK(data->protocol() == "dynamic (seed 1)");
  CHECK(reseeded->protocol() == "dynamic (seed 2)");

  other.seed = 1;
  other.draw = 3;
  const auto redrawn = dataset("kind: mnist\nbinarization: dynamic", other);
  CHECK(symbols(*data, Split::kTrain) == symbols(*redrawn, Split::kTrain));
  CHECK(symbols(*data, Split::kTest) != symbols(*redrawn, Split::kTest));
  CHECK(redrawn->protocol() == "dynamic (seed 1, draw 3)");
}

TEST_CASE("dynamic draws do not depend on how the rows are cut into batches or on threads") {
  SmallMnist files;
  const auto data = dataset("kind: mnist\nbinarization: dynamic", files.sources);
  const auto whole = symbols(*data, Split::kTrain, 7);
  std::vector<int32_t> pieces(whole.size());
  LanePool pool(3);
  pool.run(50, [&](int64_t lane) {
    const int64_t row = 49 - lane;
    const auto piece = numbers(data->batch(Split::kTrain, std::vector<int64_t>{row}, 7).symbols);
    std::copy(piece.begin(), piece.end(), pieces.begin() + row * 20);
  });
  CHECK(pieces == whole);
}

TEST_CASE("dynamic draws have the probability of the grey level, and 0 and 255 are certain") {
  SmallMnist files;
  const auto grey = symbols(*dataset("kind: mnist\nbinarization: none", files.sources), Split::kTrain);
  const auto data = dataset("kind: mnist\nbinarization: dynamic", files.sources);
  constexpr int kEpochs = 2000;
  std::vector<double> ones(grey.size());
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const auto bits = symbols(*data, Split::kTrain, epoch);
    for (size_t i = 0; i < bits.size(); ++i) ones[i] += bits[i];
  }
  double deviation = 0;
  for (size_t i = 0; i < grey.size(); ++i) {
    const double p = grey[i] / 255.0;
    if (grey[i] == 0 || grey[i] == 255) REQUIRE(ones[i] == p * kEpochs);
    else deviation += (ones[i] - p * kEpochs) * (ones[i] - p * kEpochs) / (kEpochs * p * (1 - p));
  }
  CHECK(deviation / static_cast<double>(grey.size()) == Approx(1).margin(0.15));  // chi-square per degree of freedom
}

TEST_CASE("Limits take rows from the front and show in protocol, description and hash") {
  SmallMnist files;
  const auto all = dataset("kind: mnist\nbinarization: dynamic", files.sources);
  const auto some = dataset("kind: mnist\nbinarization: dynamic\ntrain_limit: 7\ntest_limit: 3", files.sources);
  CHECK(some->count(Split::kTrain) == 7);
  CHECK(some->count(Split::kValid) == 10);
  CHECK(some->count(Split::kTest) == 3);
  CHECK(some->protocol() == "dynamic (seed 1), first 7/all/3 rows");
  CHECK(some->description() == "MNIST 7/10/3, binarized: dynamic, first 7/all/3 rows");
  CHECK(some->hash() != all->hash());
  auto expected = symbols(*all, Split::kTrain, 4);
  expected.resize(7 * 20);
  CHECK(symbols(*some, Split::kTrain, 4) == expected);
  CHECK_THROWS_AS(some->batch(Split::kTrain, std::vector<int64_t>{7}, 0), Error);
}

TEST_CASE("An idx set is the same set plain, packed, and with dots in its names") {
  SmallMnist files;
  const std::string hash = dataset("kind: mnist\nbinarization: none", files.sources)->hash();
  const std::string names[] = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                               "t10k-labels-idx1-ubyte.gz"};
  const auto stored_as = [&](const std::function<std::pair<std::string, bool>(std::string)>& form) {
    TemporaryDirectory folder;
    for (const std::string& name : names) {
      const std::string content = read_all(files.folder / "mnist/" + name);
      const auto [to, pack] = form(name.substr(0, name.find("-ubyte") + 6));
      const bool packed = name.ends_with(".gz");
      write_file(folder / "mnist/" + to, pack == packed ? content
                                         : pack         ? gzipped(content)
                                                : std::string(io::gunzip(io::bytes_of(content), name, 1 << 20).text()));
    }
    return dataset("kind: mnist\nbinarization: none", {.root = folder.path(), .cache = "", .seed = 1})->hash();
  };
  const auto dotted = [](std::string name) { return name.replace(name.find("-idx"), 1, "."); };
  CHECK(stored_as([](const std::string& name) { return std::pair(name, false); }) == hash);
  CHECK(stored_as([](const std::string& name) { return std::pair(name + ".gz", true); }) == hash);
  CHECK(stored_as([](const std::string& name) { return std::pair(name, true); }) == hash);
  CHECK(stored_as([](const std::string& name) { return std::pair(name + ".gz", false); }) == hash);
  CHECK(stored_as([&](const std::string& name) { return std::pair(dotted(name), false); }) == hash);
  CHECK(stored_as([&](const std::string& name) { return std::pair(dotted(name) + ".gz", true); }) == hash);
  CHECK(stored_as([](const std::string& name) { return std::pair(name + "/" + name, false); }) == hash);
}

TEST_CASE("Images of 0 and 1 are black and white, and black images are told of each time") {
  const auto put = [](const TemporaryDirectory& folder, char train, char test) {
    std::string pixels(60 * 20, '\0'), others(12 * 20, '\0');
    for (size_t i = 0; i < pixels.size(); i += 3) pixels[i] = train;
    for (size_t i = 0; i < others.size(); i += 3) others[i] = test;
    write_small_mnist(folder / "mnist");
    std::filesystem::remove(folder / "mnist/train-images-idx3-ubyte.gz");
    write_file(folder / "mnist/train-images-idx3-ubyte", idx({60, 5, 4}, pixels));
    write_file(folder / "mnist/t10k-images-idx3-ubyte", idx({12, 5, 4}, others));
  };
  const auto read = [](const TemporaryDirectory& folder, const std::string& binarization, std::string* said) {
    Captured log;
    auto data = dataset("kind: mnist\nbinarization: " + binarization,
                        {.root = folder.path(), .cache = folder / "cache", .seed = 1});
    *said = log.text();
    return data;
  };
  TemporaryDirectory bits, white, black, half;
  put(bits, '\1', '\1'), put(white, '\xff', '\xff'), put(black, '\0', '\0'), put(half, '\xff', '\0');
  for (const std::string binarization : {"dynamic", "threshold", "none"}) {
    std::string said, nothing;
    for (int times = 0; times < 2; ++times) {
      const auto data = read(bits, binarization, &said);
      CHECK(said.find("the images hold 0 and 1 only") != std::string::npos);
      CHECK(data->hash() == read(white, binarization, &nothing)->hash());
      CHECK(nothing.empty());
    }
    read(black, binarization, &said);
    CHECK(said.find("every pixel of the 50 train images is 0") != std::string::npos);
    CHECK(said.find("every pixel of the 12 test images is 0") != std::string::npos);
    CHECK(said.find("0 and 1 only") == std::string::npos);
    read(half, binarization, &said);
    CHECK(said.find("12 test images is 0") != std::string::npos);
    CHECK(said.find("train images") == std::string::npos);
  }
}

TEST_CASE("Missing MNIST files are reported with both remedies") {
  TemporaryDirectory folder;
  const DataSources sources{.root = folder.path(), .cache = "", .seed = 1};
  const auto report = [&] { return error_of([&] { dataset("kind: mnist\nbinarization: dynamic", sources); }); };
  const std::string fetch = fetching("mnist");
  CHECK(fetch.ends_with("scripts/fetch_data.sh mnist"));
  const std::string missing = "3: " + folder.path() +
                              "/mnist/train-images-idx3-ubyte.gz is missing   (data.kind: mnist, spec.yaml:2)\n"
                              "  get it with   " +
                              fetch;
  CHECK(report() == missing);  // of a command that takes no overrides
  advice::set_command_line({"mlrun", "train", "a spec.yaml"}, "");
  advice::accept_overrides();
  CHECK(report() == missing + "\n  or, offline   mlrun train 'a spec.yaml' data.kind=digits");
  advice::set_command_line({"mlrun"}, "");
  CHECK(error_of([&] { dataset("kind: mnist", sources); }).find("fetch_data.sh binarized_mnist") != std::string::npos);
  const std::string other = error_of([&] { dataset("kind: mnist\nroot: fashion", sources); });
  CHECK(other.find("/fashion/binarized_mnist_train.amat.gz is missing") != std::string::npos);
  CHECK(other.find("data.binarization=dynamic") != std::string::npos);
}

TEST_CASE("Damaged MNIST files are refused by name") {
  SmallMnist files;
  const std::string path = files.folder / "mnist/train-images-idx3-ubyte.gz";
  const auto refusal = [&] { return error_of([&] { dataset("kind: mnist\nbinarization: none", files.sources); }); };
  const std::string good = read_all(path);

  write_file(path, good.substr(0, good.size() / 2));
  CHECK(refusal().starts_with("3: " + path));
  std::string wrong_sum = good;
  wrong_sum[good.size() - 6] = static_cast<char>(wrong_sum[good.size() - 6] ^ 1);
  write_file(path, wrong_sum);
  CHECK(refusal().starts_with("3: " + path));
  std::string wrong_size = good;
  wrong_size[good.size() - 1] = static_cast<char>(wrong_size[good.size() - 1] ^ 1);
  write_file(path, wrong_size);
  CHECK(refusal().starts_with("3: " + path));
  write_file(path, gzipped(idx({61, 5, 4}, small_images(60, 1))));
  CHECK(refusal().find("cut short") != std::string::npos);
  write_file(path, idx({59, 5, 4}, small_images(59, 1)));  // plain, in spite of the name
  CHECK(refusal().find("found 60 labels, expected 59") != std::string::npos);
  write_file(path, idx({60, 4, 5}, small_images(60, 1)));
  CHECK(refusal().find("found images of [5, 4], expected [4, 5]") != std::string::npos);
  write_file(path, good);
  CHECK(refusal() == "");
}

TEST_CASE("static reads Larochelle's files and says why there are no labels") {
  TemporaryDirectory folder;
  const DataSources sources{.root = folder.path(), .cache = "", .seed = 1};
  const auto rows = [](int count, int salt) {
    std::string text;
    for (int i = 0; i < count * 784; ++i)
      text += std::string((i * 7 + salt) % 5 == 0 ? "1" : "0") + (i % 784 == 783 ? "\n" : " ");
    return text;
  };
  write_file(folder / "binarized_mnist/binarized_mnist_train.amat.gz", gzipped(rows(4, 0)));
  write_file(folder / "binarized_mnist/binarized_mnist_valid.amat", rows(2, 1));
  write_file(folder / "binarized_mnist/binarized_mnist_test.amat.gz", gzipped(rows(3, 2)));
  const auto data = dataset("kind: mnist", sources);
  CHECK(data->spec().shape == Shape{28, 28});
  CHECK(data->spec().alphabet == 2);
  CHECK(data->spec().classes == 0);
  CHECK(data->description() == "MNIST 4/2/3, binarized: static");
  CHECK(data->protocol() == "static (Larochelle)");
  CHECK(data->why_no_labels().find("another order than MNIST's") != std::string::npos);
  CHECK_FALSE(data->batch(Split::kTrain, first(1), 0).labels.defined());
  const auto s = symbols(*data, Split::kTest);
  for (size_t i = 0; i < s.size(); ++i) REQUIRE(s[i] == ((i * 7 + 2) % 5 == 0 ? 1 : 0));

  const std::string path = folder / "binarized_mnist/binarized_mnist_valid.amat";
  const auto refusal = [&] { return error_of([&] { dataset("kind: mnist", sources); }); };
  std::string text = rows(2, 1);
  text[784 * 2 + 6] = '7';
  write_file(path, text);
  CHECK(refusal() == "3: " + path + ":2:7: found '7', expected 0 or 1");
  write_file(path, rows(2, 1) + "0 1\n");
  CHECK(refusal() == "3: " + path + ":3: found 2 numbers, expected 784, as in line 1");
  write_file(path, "0 1\n");
  CHECK(refusal().find("found 2 numbers, expected 784 (28 x 28 pixels)") != std::string::npos);
}

TEST_CASE("Splits are called train, valid and test") {
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) CHECK(split_named(name_of(split)) == split);
  CHECK(error_of([] { split_named("trian"); }) == "2: unknown split 'trian': expected train, valid or test");
}

}  // namespace
}  // namespace mlrun
