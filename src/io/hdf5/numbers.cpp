#include "io/hdf5/numbers.hpp"

#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/shell_word.hpp"
#include "io/child.hpp"
#include "io/gzip.hpp"
#include "io/hdf5/library.hpp"
#include "io/hdf5/numbers_child.hpp"

namespace mlrun::io {
namespace {

constexpr uint64_t kMemory = uint64_t{2} << 30;  // for the child, beyond the file's bytes, which it shares
constexpr uint64_t kMostValues = uint64_t{1}
                                 << 33;  // a small file can claim any number of rows that were never written

class Receiver {
 public:
  Receiver(Child& child, const std::string& file, const std::string& dataset)
      : child_(child), file_(file), dataset_(dataset) {}

  void run(const NumberSink& sink) {
    uint64_t expected = 0;
    for (bool shaped = false;;) {
      Hdf5NumberMessage message;
      receive(&message, sizeof message);
      if (message.kind == Hdf5NumberMessage::kRefusal && message.count <= kMostHdf5Text && message.count > 0) {
        pass_on(message.count);
      } else if (message.kind == Hdf5NumberMessage::kShape && !shaped && message.count <= kMostHdf5Rank) {
        const Shape shape = receive_shape(message.count, &expected);
        shaped = true;
        sink.shape(shape);
      } else if (message.kind == Hdf5NumberMessage::kValues && shaped && message.count <= kMostHdf5Piece &&
                 message.count <= expected) {
        values_.resize(message.count);
        receive(values_.data(), message.count * sizeof(double));
        expected -= message.count;
        sink.values(values_);
      } else if (message.kind == Hdf5NumberMessage::kDone && shaped && expected == 0) {
        return;
      } else {
        refuse("libhdf5 was led astray by it: the file is damaged");
      }
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { fail(ExitCode::kData, "{}:{}: {}", file_, dataset_, why); }

  void receive(void* to, size_t size) {
    if (!child_.read(to, size))
      refuse(fmt::format("the process that read it {}: the file is damaged, or not meant to be read", child_.fate()));
  }

  Shape receive_shape(uint64_t rank, uint64_t* count) {
    std::vector<uint64_t> dims(rank);
    receive(dims.data(), rank * sizeof(uint64_t));
    Shape shape;
    *count = 1;
    for (const uint64_t d : dims) {
      if (__builtin_mul_overflow(*count, d, count) || d > kMostValues || *count > kMostValues)
        refuse(fmt::format("it claims more than {} values", kMostValues));
      shape.push_back(static_cast<int64_t>(d));
    }
    return shape;
  }

  // The words are our own, but names in them are the file's.
  [[noreturn]] void pass_on(uint64_t size) {
    std::string text(size, '\0');
    receive(text.data(), size);
    for (char& c : text) c = (c >= 0 && c < ' ' && c != '\n') || c == 0x7f ? '?' : c;
    refuse(text.substr(1) + mending(static_cast<Hdf5Mending>(text[0])));
  }

  std::string mending(Hdf5Mending kind) const {
    switch (kind) {
      case Hdf5Mending::kCopy:
        return hdf5_remedy(file_, dataset_, "x");
      case Hdf5Mending::kFields:  // of pandas' tables, without the index
        return hdf5_remedy(file_, dataset_,
                           "numpy.lib.recfunctions.structured_to_unstructured(x[[n for n in x.dtype.names if n != "
                           "\"index\"]])");
      case Hdf5Mending::kFloat:
        return hdf5_remedy(file_, dataset_, "x.astype(\"f4\")");
      case Hdf5Mending::kNone:
        break;
    }
    return "";
  }

  Child& child_;
  const std::string& file_;
  const std::string& dataset_;
  std::vector<double> values_;
};

}  // namespace

std::string hdf5_remedy(const std::string& file, const std::string& dataset, const std::string& python) {
  const std::string to = file.substr(0, file.rfind('.')) + "-plain.h5";
  const std::string numpy = python.find("numpy.") == std::string::npos ? "" : ", numpy.lib.recfunctions";
  return fmt::format(
      "\n  write it anew   python3 -c 'import h5py, sys{}; x = h5py.File(sys.argv[1])[sys.argv[2]][:]; "
      "h5py.File(sys.argv[3], \"w\")[\"x\"] = {}' {} {} {}\n  and read        {}:/x",
      numpy, python, shell_word(file), shell_word(dataset), shell_word(to), to);
}

void read_hdf5_numbers(const std::string& file, const std::string& dataset, uint64_t max_bytes,
                       const NumberSink& sink) {
  Bytes bytes = read_maybe_gzip(file, max_bytes);
  std::optional<Child> child;
  {
    const Hdf5Session session;  // held while the child is made, which then has the library for itself
    child.emplace(kMemory, [&](int out) { send_hdf5_numbers(bytes, dataset, out); });
  }
  Receiver(*child, file, dataset).run(sink);
}

}  // namespace mlrun::io
