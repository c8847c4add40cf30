# make tables   installs what is missing, builds, and regenerates every table and figure of a profile
PROFILE ?= quick
SWIFT_BUILD = swift build -c release --explicit-target-dependency-import-check error
PACKAGES = libhdf5-dev libopenblas-dev libarpack2-dev libpng-dev libturbojpeg0-dev libwebp-dev libcairo2-dev libssl-dev libarchive-dev pkg-config curl dataset-fashion-mnist
# What a user or a Slurm job set for ccr is none of the tests' business.
SWIFT_TEST = env -u CCR_DATA -u CCR_LOCKS -u NO_COLOR -u SLURM_JOB_ID -u SLURM_CPUS_PER_TASK -u SLURM_CPUS_ON_NODE swift test -c release --skip-build
SOURCES = Package.swift $(shell find Sources -type f)

.PHONY: deps build compile tables test test-march test-slurm soak lint format schema bench bench-peers
# Packages come before the build also under make -j.
.NOTPARALLEL:

# Swift, and the packages of Debian 12, Debian 13 and Ubuntu 24.04. Where the build is made, Swift was there.
deps:
	@sh scripts/deps.sh $(if $(wildcard .build/release.made),,--swift) $(PACKAGES)

build: deps compile

# The build alone, where packages come in another way.
compile: .build/release.made

# The processors that Package.swift would build for now, and those for which everything is there. It is built anew where others are asked
# for, where it would not run here, and where a program is gone; what runs on older processors too is left as it is.
LEVEL := $(or $(CCR_MARCH),$(if $(shell grep -m1 -w avx512vl /proc/cpuinfo),x86-64-v4,x86-64-v3))
PROGRAMS := $(addprefix .build/release/,ccr fetch ingest augment train embed tsne cluster evaluate tabulate benchmarks)
MADE := $(if $(filter-out $(wildcard $(PROGRAMS)),$(PROGRAMS)),,$(shell cat .build/release.made 2>/dev/null))
ifeq ($(filter $(MADE),$(LEVEL) $(if $(CCR_MARCH),,x86-64-v3)),)
.PHONY: .build/release.made
endif

# Tests are built for the processors that the programs are for, which the build is asked for anew.
BUILD_TESTS = CCR_MARCH=$$(cat .build/release.made) $(SWIFT_BUILD) --build-tests

# Asking SwiftPM whether anything changed takes two seconds; asking the clock takes none.
.build/release.made: $(SOURCES)
	@sh scripts/deps.sh --swift
	$(SWIFT_BUILD)
	@echo $(LEVEL) > $@

tables: build
	.build/release/ccr run --profile $(PROFILE)
	.build/release/ccr report --profile $(PROFILE)

# Chromium opens the report as a person does; where there is none, the tests say that they are skipped.
test: build
	@sh scripts/deps.sh chromium || echo "going on without Chromium"
	$(BUILD_TESTS)
	$(SWIFT_TEST)

# The bits of a build without AVX-512, against those recorded; where the processor has none, `make test` does that.
test-march: build
	if ! grep -q avx512f /proc/cpuinfo; then echo "skipped: this processor has no AVX-512, so the usual build is without it"; else \
		CCR_MARCH=x86-64-v3 $(SWIFT_BUILD) --scratch-path .build/x86-64-v3 --build-tests && \
		$(SWIFT_TEST) --scratch-path .build/x86-64-v3 --filter QuickStudyTests/tablesComeOut; fi

# The study as jobs of a real Slurm of one node, which this installs and starts, as root; every kind of trouble, in about half an hour.
test-slurm: build
	sh scripts/one-node-slurm.sh install
	$(BUILD_TESTS)
	CCR_SLURM=long $(SWIFT_TEST) --filter 'Slurm|JobPlan|ClusterSimulation'

# The runner killed, raced and damaged by the hundred; writes the figures of docs/reliability.md. Goes on where the last call ended;
# MINUTES=10 does a part.
soak: build
	$(BUILD_TESTS)
	CCR_SOAK=$(MINUTES) $(SWIFT_TEST) --filter WorkflowTests.Soak

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

format:
	swift format --in-place --recursive Sources Tests Package.swift

# What editors read of pipeline.json; anew where a program's settings change.
schema: build
	.build/release/ccr schema > pipeline.schema.json.new && mv pipeline.schema.json.new pipeline.schema.json

# What needs no Python: the kernels, each checked against its plain twin, and most of the work of docs/benchmarks.md.
bench: build
	@for work in kernels train-step "autoencoder-step --network conv" "autoencoder-step --network stacked" "epoch --images 1000" inference augmentation kmeans tsne runner; do \
	  .build/release/benchmarks $$work || exit 1; \
	done

# The same work beside PyTorch, PIL, scikit-learn and openTSNE; writes docs/benchmarks.md.
bench-peers: build .build/peers.made
	.build/peers/bin/python Benchmarks/compare.py

.build/peers.made: Benchmarks/peers/requirements.txt
	python3 -m venv .build/peers
	.build/peers/bin/pip install --requirement $<
	@touch $@
