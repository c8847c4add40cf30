# make tables   installs what is missing, builds, and regenerates every table and figure of a profile
PROFILE ?= quick
SWIFT_BUILD = swift build -c release --explicit-target-dependency-import-check error
PACKAGES = libhdf5-dev libopenblas-dev libpng-dev libcairo2-dev libssl-dev libarchive-dev pkg-config fonts-dejavu-core dataset-fashion-mnist
SUDO = $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: deps build tables test lint format bench

deps:
	@missing=""; for p in $(PACKAGES); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y --no-install-recommends $$missing; fi

build: deps
	$(SWIFT_BUILD)

# Where nothing was built before, build; the build itself is quick when nothing changed.
tables: build
	.build/release/ccr run --profile $(PROFILE)

test: build
	$(SWIFT_BUILD) --build-tests
	swift test -c release --skip-build

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

format:
	swift format --in-place --recursive Sources Tests Package.swift

bench: build
	.build/release/benchmarks train-step --json
