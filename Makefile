# The front door.  make play: watch an agent play.  make test: everything that can be checked here.
# Both install missing Debian packages (with sudo when not root), build, and run.

PACKAGES = cmake ninja-build gcc libc6-dev pkg-config git libmgba-dev libsdl2-dev libsdl2-ttf-dev fonts-dejavu-core \
           libsqlite3-dev liblz4-dev libzip-dev libopenblas-dev libcjson-dev libinih-dev libxxhash-dev libpng-dev libmicrohttpd-dev libcurl4-openssl-dev/libcurl4-gnutls-dev libcmocka-dev \
           libavformat-dev libavcodec-dev libswscale-dev
# only the tests need these: g++ compiles the CUDA kernels for the CPU, sdcc and gcc-arm-none-eabi rebuild the ROMs, clang fuzzes, clang-format, clang-tidy and cppcheck check,
# gnuplot-nox draws what longplay report shows, xvfb opens the window, x11-utils looks at it, python3-venv reads the weights back, python3-dev builds the Python package, the last line tries what an installation brings
TEST_PACKAGES = g++ clang-format clang-tidy cppcheck sdcc gcc-arm-none-eabi clang libclang-rt-dev xvfb xauth x11-utils gnuplot-nox python3-venv python3-dev sqlite3 \
                help2man bash-completion zsh ffmpeg nginx-light libnginx-mod-rtmp ngircd openssl

.PHONY: play test coverage install deb test-deb build build-debug build-asan build-cuda packages test-packages clean fuzz drawings

play: build
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then build/longplay play cue; \
	else build/longplay play cue --episodes 5 --headless --shot build/longplay.png; fi

test: test-packages
	@tests/run.sh

# PREFIX and DESTDIR as usual: make install PREFIX=$HOME/.local
PREFIX = /usr/local
install: PACKAGES_WANTED = $(PACKAGES) help2man
install: packages build
	@cmake --build build --target man
	@DESTDIR=$(DESTDIR) cmake --install build --prefix $(PREFIX)

# A Debian package in build/, and a look at it in a Debian that has nothing else (needs root, and a while).
deb: PACKAGES_WANTED = $(PACKAGES) help2man dpkg-dev
deb: packages build
	@cmake --build build --target man
	@cd build && cpack -G DEB
test-deb: deb
	@tests/packages.sh debootstrap
	@packaging/try_deb.sh build/longplay_*.deb

build build-debug build-asan build-cuda: packages
	@cmake --preset $(if $(filter build,$@),release,$(@:build-%=%)) -G Ninja
	@cmake --build $@ --target longplay

# Hostile input for every parser, MINUTES each, two at a time; what is found lies in build-fuzz/found.
MINUTES = 60
fuzz: PACKAGES_WANTED = $(PACKAGES) $(TEST_PACKAGES)
fuzz:
	@tests/packages.sh $(PACKAGES_WANTED)
	@tests/fuzz/run.sh $$(($(MINUTES) * 60))

# Which lines the tests run, by folder: no part of make test, since it takes as long as the tests do.
coverage: PACKAGES_WANTED = $(PACKAGES) $(TEST_PACKAGES) gcovr
coverage:
	@tests/packages.sh $(PACKAGES_WANTED)
	@tests/coverage.sh

# The pages' drawings, from the text beside them; needs graphviz.
drawings: $(patsubst %.dot,%.svg,$(wildcard docs/drawings/*.dot))
%.svg: %.dot
	dot -Tsvg $< -o $@

packages: PACKAGES_WANTED = $(PACKAGES)
test-packages: PACKAGES_WANTED = $(PACKAGES) $(TEST_PACKAGES)
packages test-packages:
	@tests/packages.sh $(PACKAGES_WANTED)

clean:
	rm -rf build build-debug build-asan build-tsan build-coverage build-cuda build-fuzz build-python build-compare
