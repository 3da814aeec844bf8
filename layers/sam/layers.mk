# How `sam build` makes the layers. The template names the folder of its architecture (`ContextPath`), so the wheels are
# always those of the template's own parameter. SAM runs this in a scratch copy: the repository is where this file stands.
REPOSITORY := $(realpath $(dir $(realpath $(lastword $(MAKEFILE_LIST))))../..)
PYTHON := $(or $(HOMEROOM_PYTHON),$(wildcard $(REPOSITORY)/.venv/bin/python),python3)
BUILD := "$(PYTHON)" "$(REPOSITORY)/layers/build.py" deploy --architecture $(ARCHITECTURE) --into "$(ARTIFACTS_DIR)" --layer

build-DepsLayer: ; $(BUILD) deps
build-EngineLayer: ; $(BUILD) engine
build-HomeroomLayer: ; $(BUILD) homeroom
