// What the tests of this room share: a folder that goes away, small files in the formats read, a data set from a spec.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "config/document.hpp"
#include "data/dataset.hpp"
#include "io/gzip.hpp"
#include "temporary_directory.hpp"

namespace mlrun::testing {

using test::TemporaryDirectory;

inline void write_file(const std::string& path, const std::string& contents) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream out(path, std::ios::binary);
  out << contents;
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}
inline std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline std::string gzipped(const std::string& plain) { return std::string(io::gzip(io::bytes_of(plain)).text()); }
inline io::Bytes bytes(const std::string& text) {
  io::Bytes b(text.size());
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(b.data()));
  return b;
}

inline std::string idx(const std::vector<uint32_t>& shape, const std::string& values) {
  std::string out = {0, 0, 8, static_cast<char>(shape.size())};
  for (const uint32_t d : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(d >> shift & 0xff));
  }
  return out + values;
}

// The error a body fails with: "3: message"; "" when it does not.
inline std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::to_string(static_cast<int>(error.code())) + ": " + error.what();
  }
  return "";
}

// What is logged while it lives.
class Captured {
 public:
  Captured() { log::set_file(folder_ / "log"); }
  ~Captured() { log::set_file(""); }
  std::string text() const { return read_all(folder_ / "log"); }

 private:
  TemporaryDirectory folder_;
};

// A data set as a spec asks for it; the text is the section `data`, one key a line.
inline std::unique_ptr<Dataset> dataset(const std::string& section, const DataSources& sources) {
  std::string text = "data:\n  ";
  for (const char c : section) text += c == '\n' ? std::string("\n  ") : std::string(1, c);
  const auto document = config::Document::from_text(text + "\n", "spec.yaml", {}, {});
  config::Reader root = document.root();
  config::Reader data = root.section("data");
  const auto choice = dataset_kinds().choose(data);
  root.finish();
  document.diagnostics().throw_if_any();
  return choice.build(sources);
}

inline std::vector<int32_t> numbers(const Tensor& tensor) {
  return {tensor.data<int32_t>(), tensor.data<int32_t>() + tensor.count()};
}
inline std::vector<int64_t> first(int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return rows;
}
inline std::vector<int32_t> symbols(const Dataset& data, Split split, int64_t epoch = 0) {
  return numbers(data.batch(split, first(data.count(split)), epoch).symbols);
}

// A small set in MNIST's form: 60 training and 12 test images of 5 x 4, with every grey level somewhere.
inline std::string small_images(size_t count, unsigned salt) {
  std::string pixels;
  for (size_t i = 0; i < count * 20; ++i) pixels.push_back(static_cast<char>((i * 37 + salt * 11 + i / 7) % 256));
  return pixels;
}
inline void write_small_mnist(const std::string& folder) {
  std::string train, test;
  for (int i = 0; i < 60; ++i) train.push_back(static_cast<char>(i % 10));
  for (int i = 0; i < 12; ++i) test.push_back(static_cast<char>(9 - i % 10));
  write_file(folder + "/train-images-idx3-ubyte.gz", gzipped(idx({60, 5, 4}, small_images(60, 1))));
  write_file(folder + "/train-labels-idx1-ubyte", idx({60}, train));
  write_file(folder + "/t10k-images-idx3-ubyte", idx({12, 5, 4}, small_images(12, 2)));
  write_file(folder + "/t10k-labels-idx1-ubyte.gz", gzipped(idx({12}, test)));
}

}  // namespace mlrun::testing
