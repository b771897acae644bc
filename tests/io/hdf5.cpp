#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include "io/files.hpp"
#include "io/hdf5/reader.hpp"
#include "io/hdf5/writer.hpp"
#include "io/library.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

Bytes sample_image() {
  Hdf5Writer writer;
  writer.dataset("model/decoder/weight", Tensor::of({2, 3}, {1, 2, 3, 4, 5, -6.5F}));
  writer.attribute("model/decoder/weight", "axes", "out,in");
  writer.dataset("/model/decoder/bias", Tensor::of({2}, {0.1F, std::nanf("")}));
  Tensor half({3}, DType::kBF16);
  for (int i = 0; i < 3; ++i) half.data<uint16_t>()[i] = static_cast<uint16_t>(0x3f80 + i);
  writer.dataset("half", half);
  writer.dataset("labels", Tensor::of({2, 2}, std::vector<int32_t>{-1, 2, 3, 2147483647}));
  writer.dataset("empty", Tensor({0, 4}));
  writer.dataset("metrics/step", std::vector<int64_t>{1, 2, std::numeric_limits<int64_t>::max()});
  writer.dataset("metrics/nll", std::vector<double>{0.1, 1e-300, std::numeric_limits<double>::infinity()});
  writer.group("metrics");
  writer.attribute("metrics", "NX_class", "NXdata");
  writer.attribute("metrics", "auxiliary_signals", std::vector<std::string>{"bpd", "lr", "grad_norm"});
  writer.text("config/resolved_yaml", "name: \xc3\xa4\nlr: 1e-3\n" + std::string(100000, '#'));
  writer.text("config/nothing", "");
  writer.scalar("trainer/step", 1234567890123);
  writer.scalar("trainer/time", 0.25);
  writer.attribute("/", "mlrun_format", "run");
  writer.attribute("/", "mlrun_format_version", 1);
  writer.attribute("/", "best", 0.1);
  writer.attribute("/", "none", "");
  return writer.finish();
}

}  // namespace

TEST_CASE("what is written to an HDF5 image is read back the same") {
  const Hdf5Reader reader(sample_image(), "x.h5", ExitCode::kData);
  const Tensor weight = reader.tensor("model/decoder/weight");
  CHECK(weight.shape() == Shape{2, 3});
  CHECK(weight.data<float>()[5] == -6.5F);
  CHECK(reader.text_attribute("model/decoder/weight", "axes") == "out,in");
  CHECK(reader.tensor("model/decoder/bias").data<float>()[0] == 0.1F);
  CHECK(std::isnan(reader.tensor("/model/decoder/bias").data<float>()[1]));
  const Tensor half = reader.tensor("half");
  CHECK(half.dtype() == DType::kBF16);
  CHECK(half.data<uint16_t>()[2] == 0x3f82);
  CHECK(reader.tensor("labels").data<int32_t>()[3] == 2147483647);
  CHECK(reader.reals("labels") == std::vector<double>{-1, 2, 3, 2147483647});
  CHECK(reader.tensor("empty").shape() == Shape{0, 4});
  CHECK(reader.integers("metrics/step") == std::vector<int64_t>{1, 2, std::numeric_limits<int64_t>::max()});
  CHECK(reader.reals("metrics/nll") == std::vector<double>{0.1, 1e-300, std::numeric_limits<double>::infinity()});
  CHECK(reader.texts_attribute("metrics", "auxiliary_signals") == std::vector<std::string>{"bpd", "lr", "grad_norm"});
  CHECK(reader.text("config/resolved_yaml") == "name: \xc3\xa4\nlr: 1e-3\n" + std::string(100000, '#'));
  CHECK(reader.text("config/nothing").empty());
  CHECK(reader.integer("trainer/step") == 1234567890123);
  CHECK(reader.real("trainer/time") == 0.25);
  CHECK(reader.text_attribute("/", "mlrun_format") == "run");
  CHECK(reader.integer_attribute("/", "mlrun_format_version") == 1);
  CHECK(reader.real_attribute("", "best") == 0.1);
  CHECK(reader.text_attribute("/", "none").empty());
  CHECK(reader.has_attribute("/", "best"));
  CHECK_FALSE(reader.has_attribute("/", "worst"));
}

TEST_CASE("groups and datasets are listed in order") {
  const Hdf5Reader reader(sample_image(), "x.h5", ExitCode::kData);
  CHECK(reader.children("/") ==
        std::vector<std::string>{"config", "empty", "half", "labels", "metrics", "model", "trainer"});
  CHECK(reader.children("model") == std::vector<std::string>{"decoder"});
  CHECK(reader.datasets("model") == std::vector<std::string>{"decoder/bias", "decoder/weight"});
  CHECK(reader.has("model/decoder"));
  CHECK(reader.is_group("model"));
  CHECK_FALSE(reader.is_group("labels"));
  CHECK_FALSE(reader.has("model/encoder"));
}

TEST_CASE("a wrong question to an HDF5 file is answered with the file, the place, and what was found") {
  const Hdf5Reader reader(sample_image(), "x.h5", ExitCode::kCheckpoint);
  const auto refusal = [](const auto& action) { return message_of(ExitCode::kCheckpoint, action); };
  Tensor other({3, 2}), integers({2, 3}, DType::kS32);
  CHECK(refusal([&] { reader.read_into("model/decoder/weight", other); }) ==
        "x.h5: /model/decoder/weight is f32 [2, 3]; f32 [3, 2] was expected");
  CHECK(refusal([&] { reader.read_into("model/decoder/weight", integers); }) ==
        "x.h5: /model/decoder/weight is f32 [2, 3]; s32 [2, 3] was expected");
  CHECK(refusal([&] { reader.tensor("nothing"); }) == "x.h5: it has no /nothing");
  CHECK(refusal([&] { reader.tensor("model"); }) == "x.h5: /model is a group; a dataset was expected");
  CHECK_THAT(refusal([&] { reader.tensor("metrics/nll"); }), Catch::Contains("is f64; f32"));
  CHECK_THAT(refusal([&] { reader.integers("metrics/nll"); }), Catch::Contains("integers were expected"));
  CHECK_THAT(refusal([&] { reader.integer("metrics/step"); }), Catch::Contains("3 values; one"));
  CHECK_THAT(refusal([&] { reader.text("labels"); }), Catch::Contains("one text was expected"));
  CHECK_THAT(refusal([&] { reader.reals("half"); }), Catch::Contains("numbers were expected"));
  CHECK_THAT(refusal([&] { reader.text_attribute("/", "worst"); }), Catch::Contains("worst of / is missing"));
  CHECK_THAT(refusal([&] { reader.integer_attribute("/", "best"); }), Catch::Contains("not an integer"));
  CHECK_THAT(refusal([&] { reader.children("labels"); }), Catch::Contains("no group /labels"));
}

TEST_CASE("the same content gives the same bytes, at another time and from another thread") {
  const Bytes first = sample_image();
  const std::string before(first.text());
  ::usleep(1100000);  // HDF5's times have a resolution of one second
  Bytes second;
  std::thread([&] { second = sample_image(); }).join();
  CHECK(second.text() == before);
}

TEST_CASE("many writers and readers at once do not disturb each other") {
  std::vector<std::string> images(4);
  std::vector<std::thread> threads;
  for (auto& image : images) {
    threads.emplace_back([&image] {
      for (int i = 0; i < 5; ++i) image = Hdf5Reader(sample_image(), "x", ExitCode::kData).text("config/resolved_yaml");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& image : images) CHECK(image == images[0]);
}

TEST_CASE("an image holds hardly more than its numbers, small or large") {
  Hdf5Writer small;
  small.dataset("a", Tensor::zeros({4}));
  CHECK(small.finish().size() < 4096);
  Hdf5Writer large;
  large.dataset("a", Tensor::zeros({1 << 20}));
  large.dataset("b", Tensor::zeros({(1 << 20) + 1}));
  const size_t size = large.finish().size();
  CHECK(size >= (1 << 23) + 4);
  CHECK(size < (1 << 23) + 8192);
}

TEST_CASE("misuse of the writer is a bug of ours") {
  Hdf5Writer writer;
  writer.dataset("a", Tensor::zeros({4}));
  const auto bug = [](const auto& action) { return message_of(ExitCode::kInternal, action); };
  CHECK_THAT(bug([&] { writer.dataset("a", Tensor::zeros({4})); }), Catch::Contains("a is written twice"));
  CHECK_THAT(bug([&] { writer.attribute("b", "x", 1); }), Catch::Contains("attribute x of /b"));
  CHECK_THAT(bug([&] { writer.attribute("a", "x", std::string(70000, 'x')); }), Catch::Contains("70000 bytes"));
  CHECK_THAT(bug([&] { writer.dataset("a/b", Tensor::zeros({4})); }), Catch::Contains("cannot make"));
  writer.finish();
  CHECK_THAT(bug([&] { writer.finish(); }), Catch::Contains("twice"));
}

TEST_CASE("a writer may be abandoned, and what is no HDF5 file is refused") {
  {
    Hdf5Writer writer;
    writer.dataset("a", Tensor::zeros({100000}));
  }
  CHECK_THAT(message_of(ExitCode::kData, [] { Hdf5Reader(Bytes(0), "x.h5", ExitCode::kData); }),
             Catch::Contains("empty"));
  Bytes zeros(100);
  std::fill_n(zeros.data(), 100, std::byte{0});
  CHECK_THAT(message_of(ExitCode::kData, [&] { Hdf5Reader(std::move(zeros), "x.h5", ExitCode::kData); }),
             Catch::StartsWith("x.h5: not an HDF5 file"));
}

TEST_CASE("the version of the HDF5 library has three parts") {
  const std::string version = hdf5_version();
  CHECK(std::count(version.begin(), version.end(), '.') == 2);
}
