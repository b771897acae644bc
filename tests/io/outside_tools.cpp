// Files of mlrun are for other programs too: h5dump and h5py must find the same values in them.
#include <algorithm>

#include "io/checkpoint_file.hpp"
#include "io/file.hpp"
#include "io/files.hpp"
#include "io/hdf5/writer.hpp"
#include "io/png.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

Bytes image() {
  Hdf5Writer writer;
  writer.dataset("model/weight", Tensor::of({2, 3}, {1, 2, 3, 4, 5, -6.5F}));
  writer.attribute("model/weight", "axes", "out,in");
  writer.dataset("labels", Tensor::of({3}, std::vector<int32_t>{7, -8, 9}));
  Tensor bytes = Tensor::zeros({100000}, DType::kU8);
  bytes.data<uint8_t>()[99999] = 200;
  writer.dataset("bytes", bytes);
  writer.dataset("metrics/step", std::vector<int64_t>{10, 20});
  writer.dataset("metrics/nll", std::vector<double>{0.1, 0.2});
  writer.attribute("metrics", "signal", "nll");
  writer.attribute("metrics", "auxiliary_signals", std::vector<std::string>{"bpd", "lr"});
  writer.text("config/resolved_yaml", "name: \xc3\xa4\n");
  for (int i = 0; i < 50; ++i) writer.dataset("many/" + std::to_string(i), Tensor::full({5}, static_cast<float>(i)));
  writer.attribute("/", "mlrun_format_version", 1);
  return writer.finish();
}

const char* const kScript = R"(
import h5py, sys, numpy as np
f = h5py.File(sys.argv[1], 'r')
assert f.userblock_size == int(sys.argv[2]), f.userblock_size
assert f['model/weight'].dtype == np.float32
assert f['model/weight'][:].tolist() == [[1, 2, 3], [4, 5, -6.5]]
assert f['model/weight'].attrs['axes'].decode() == 'out,in'
assert f['labels'][:].tolist() == [7, -8, 9]
assert f['bytes'][:].sum() == 200 and f['bytes'][99999] == 200
assert f['metrics/step'].dtype == np.int64 and f['metrics/step'][:].tolist() == [10, 20]
assert f['metrics/nll'][:].tolist() == [0.1, 0.2]
assert f['metrics'].attrs['auxiliary_signals'].tolist() == [b'bpd', b'lr']
assert f['config/resolved_yaml'][()].decode() == 'name: \u00e4\n'
assert f.attrs['mlrun_format_version'] == 1
assert len(f['many']) == 50
for name, d in f['many'].items(): assert (d[:] == float(name)).all()
print('all right')
)";

void check_with_h5py(const std::string& path, const std::string& script, int user_block) {
  const Output python = run("/usr/bin/python3 " + script + " " + path + " " + std::to_string(user_block));
  INFO("needs the package python3-h5py (apt-get install python3-h5py): " << python.text);
  CHECK(python.text == "all right\n");
  CHECK(python.status == 0);
}

void check_with_h5dump(const std::string& path) {
  const Output dump = run("h5dump -d /model/weight -d /labels -d /metrics/nll -d /many/49 " + path);
  INFO("needs the package hdf5-tools (apt-get install hdf5-tools): " << dump.text);
  CHECK(dump.status == 0);
  CHECK_THAT(dump.text, Catch::Contains("(1,0): 4, 5, -6.5\n") && Catch::Contains("(0): 7, -8, 9\n") &&
                            Catch::Contains("(0): 0.1, 0.2\n") && Catch::Contains("(0): 49, 49, 49, 49, 49\n"));
  CHECK(run("h5dump " + path).status == 0);
}

}  // namespace

TEST_CASE("h5dump and h5py read a checkpoint as an HDF5 file with a user block") {
  const TemporaryDirectory directory;
  put((directory / "check.py"), kScript);
  write_checkpoint((directory / "step-1.h5"), image());
  check_with_h5py((directory / "step-1.h5"), (directory / "check.py"), 512);
  check_with_h5dump((directory / "step-1.h5"));
}

TEST_CASE("h5dump and h5py read an ordinary file of ours") {
  const TemporaryDirectory directory;
  put((directory / "check.py"), kScript);
  write_atomically((directory / "run.h5"), image().span());
  check_with_h5py((directory / "run.h5"), (directory / "check.py"), 0);
  check_with_h5dump((directory / "run.h5"));
}

TEST_CASE("the superblock behind the user block says where it lies and where the file ends") {
  const Bytes file = seal(image());
  const auto word = [&](size_t offset) {
    uint64_t value = 0;
    std::copy_n(file.data() + 512 + offset, 8, reinterpret_cast<std::byte*>(&value));
    return value;
  };
  CHECK(word(24) == 512);
  CHECK(word(40) == file.size());
}
