// Files that h5py writes, and the commands of refusals, which use it; skipped where it is not there.
#include <string>
#include <vector>

#include "catch.hpp"
#include "io/hdf5_files.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

TEST_CASE("files of h5py hold what h5py says they hold") {
  const TemporaryDirectory directory;
  put(directory / "make.py", R"(
import h5py, numpy as np, sys
x = np.arange(360).reshape(60, 6) % 251
def one(name, fill, **options):
    with h5py.File(sys.argv[1] + '/' + name + '.h5', 'w', **options) as f: fill(f)
for v in ('earliest', 'v108', 'v110', 'latest'):
    def fill(f):
        f.create_dataset('x', data=x.astype('u1'), chunks=(16, 3), compression='gzip', shuffle=True)
        for i in range(30): f['d%d' % i] = np.zeros(3); f['x'].attrs['a%d' % i] = 'text'
    one('lib_' + v, fill, libver=v)
for t in ('u1', '>u2', '>i4', 'i8', 'f2', '>f2', 'f4', '>f8'):
    one('type_' + t.replace('>', 'be_'), lambda f: f.__setitem__('x', (x % 128).astype(t)))
one('bool', lambda f: f.__setitem__('x', (x % 2).astype(bool)))
one('grown', lambda f: f.create_dataset('x', data=x, maxshape=(None, None), chunks=(7, 5), fletcher32=True))
print('made')
)");
  const Output made = run("/usr/bin/python3 " + (directory / "make.py") + " " + directory.path());
  if (made.text != "made\n") {
    WARN("skipped: needs the package python3-h5py (apt-get install python3-h5py): " << made.text);
    return;
  }
  for (const char* name : {"lib_earliest", "lib_v108", "lib_v110", "lib_latest", "grown"}) {
    INFO(name);
    check_counted(read(directory / name + std::string(".h5"), "/x"), 60, 6, 251);
  }
  for (const char* name : {"u1", "be_u2", "be_i4", "i8", "f2", "be_f2", "f4", "be_f8"}) {
    INFO(name);
    const Numbers found = read(directory / "type_" + std::string(name) + ".h5", "/x");
    for (size_t i = 0; i < 360; ++i) REQUIRE(found.values[i] == static_cast<double>(i % 251 % 128));
  }
  const Numbers flags = read(directory / "bool.h5", "/x");
  for (size_t i = 0; i < 360; ++i) REQUIRE(flags.values[i] == static_cast<double>(i % 251 % 2));
}

TEST_CASE("the command that a refusal of an HDF5 file gives works as printed") {
  if (run("/usr/bin/python3 -c 'import h5py'").status != 0) {
    WARN("skipped: needs the package python3-h5py (apt-get install python3-h5py)");
    return;
  }
  const Made file([](hid_t f) {
    struct Record {
      int index;
      double b, c;
    };
    const Hdf5Handle record(H5Tcreate(H5T_COMPOUND, sizeof(Record)), H5Tclose);
    H5Tinsert(record.id(), "index", HOFFSET(Record, index), H5T_NATIVE_INT);
    H5Tinsert(record.id(), "b", HOFFSET(Record, b), H5T_NATIVE_DOUBLE);
    H5Tinsert(record.id(), "c", HOFFSET(Record, c), H5T_NATIVE_DOUBLE);
    const Record records[] = {{0, 2, 5}, {1, 4, 7}};
    put_raw(f, "it's", record.id(), 2, records);
  });
  const std::string message = file.refusal("/it's");
  const size_t begin = message.find("python3"), end = message.find('\n', begin);
  const Output output = run("/usr/bin/" + message.substr(begin, end - begin));
  INFO(message << "\n" << output.text);
  CHECK(output.status == 0);
  const size_t name = message.rfind("   ") + 3, colon = message.rfind(':');
  const Numbers found = read(message.substr(name, colon - name), message.substr(colon + 1));
  CHECK(found.shape == Shape{2, 2});
  CHECK(found.values == std::vector<double>{2, 5, 4, 7});
}
