# The daily front door. Everything real is in scripts/ and CMakeLists.txt.
PREFIX ?= /usr/local
.DEFAULT_GOAL := release
.PHONY: help release debug asan tsan test test-asan test-tsan check format tidy golden bench install package clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

release:  ## build mlrun and the tests in build/release (plain `make` does this)
	@scripts/build.sh release

debug:  ## build/debug: -g, no optimisation
	@scripts/build.sh debug

asan:  ## build/asan: AddressSanitizer and UBSan
	@scripts/build.sh asan

tsan:  ## build/tsan: ThreadSanitizer
	@scripts/build.sh tsan

test: release  ## run all tests
	@cd build/release && ctest --output-on-failure -j2

test-asan: asan  ## run all tests under AddressSanitizer and UBSan
	@cd build/asan && ctest --output-on-failure -j2

test-tsan: tsan  ## run all tests under ThreadSanitizer
	@cd build/tsan && ctest --output-on-failure -j2

check:  ## format, arrows, shell scripts, no warnings by g++ and clang++, no include missing
	@scripts/check.sh

format:  ## rewrite src/ and tests/ with clang-format 14
	@find src tests -name '*.[ch]pp' -exec clang-format -i {} +

tidy:  ## clang-tidy over src/ (slow; advice only)
	@scripts/tidy.sh

golden:  ## rewrite the golden runs, after a meant change of numbers
	@./scripts/golden.sh

bench:  ## profile every config, and time five networks beside PyTorch where it is there
	@scripts/bench.sh

install:  ## install mlrun, its manual and completions under PREFIX (/usr/local)
	@scripts/build.sh release mlrun documents
	@cmake --install build/release --prefix $(PREFIX)

package:  ## build/package: a .deb for this Debian or Ubuntu, and a .tar.gz
	@scripts/package.sh

clean:  ## remove all builds
	rm -rf build
