"""What the shells complete, asked as the shells ask."""

import json
import subprocess

import pytest
from command import scalenet

# What bash does for a key: it parts the line at blanks and at colons, calls the function that is registered, and offers
# what it finds in COMPREPLY.
BASH = r"""
source "$1"
COMP_LINE=$2
COMP_POINT=${#COMP_LINE}
COMP_WORDS=()
rest=$COMP_LINE
while [[ -n $rest ]]; do
  case $rest in
  " "*) rest=${rest# } ; [[ -z $rest ]] && COMP_WORDS+=("") ;;
  :*) COMP_WORDS+=(:); rest=${rest#:} ;;
  *) word=${rest%%[ :]*}; COMP_WORDS+=("$word"); rest=${rest#"$word"} ;;
  esac
done
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
current=${COMP_WORDS[COMP_CWORD]}
[[ $current == : ]] && current=
function=$(complete -p scalenet | sed 's/.*-F \([^ ]*\).*/\1/')
"$function" scalenet "$current" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def bash(unpacked, tmp_path):
    script = unpacked["tarball"] / "share/bash-completion/completions/scalenet"
    for name in ("one.pth", "two.onnx", "notes.txt", "y.npy", "structure.json"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()

    def complete(line):
        outcome = subprocess.run(
            ["bash", "--norc", "-c", BASH, "bash", script, line], cwd=tmp_path, capture_output=True, text=True)
        assert outcome.stderr == ""
        return sorted(set(outcome.stdout.split()))

    return complete


def architectures():
    dump = json.loads(scalenet("--experimental-dump-help").stdout)
    commands = {each["commandName"]: each for each in dump["command"]["subcommands"]}
    names = commands["init"]["arguments"][0]["abstract"].removesuffix(", or scalenet with --structure.")
    return sorted(names.split(", "))


def test_commands(bash):
    assert bash("scalenet in") == ["init", "inspect"]
    assert {"convert", "run", "diff", "help"} <= set(bash("scalenet "))


def test_options_and_their_values(bash):
    assert bash("scalenet convert --no-f") == ["--no-fold-batch-norm"]
    assert bash("scalenet convert one.pth --to ") == ["h5", "keras", "npz", "onnx", "pth", "safetensors"]
    assert bash("scalenet convert one.pth --dtype f") == ["float16", "float32"]


@pytest.mark.parametrize("command", ["convert", "inspect", "run", "diff", "check", "bench"])
def test_models_are_files_by_their_endings_and_folders(bash, command):
    assert {"folder", "one.pth", "two.onnx"} <= set(bash(f"scalenet {command} "))
    assert {"notes.txt", "y.npy"}.isdisjoint(bash(f"scalenet {command} "))
    assert bash(f"scalenet {command} tw") == ["two.onnx"]


@pytest.mark.parametrize("command", ["inspect", "diff one.pth", "bench", "convert", "inspect one.pth"])
def test_networks_behind_a_colon(bash, command):
    names = architectures()
    assert bash(f"scalenet {command} arch:") == names
    assert bash(f"scalenet {command} arch:resnet1") == [name for name in names if name.startswith("resnet1")]
    assert bash(f"scalenet {command} ar") == ["arch:" + name for name in names]


def test_what_follows_a_network(bash):
    assert bash("scalenet convert arch:resnet50 --no-f") == ["--no-fold-batch-norm"]
    assert bash("scalenet convert arch:resnet50 --dtype b") == ["bfloat16"]


def test_names_to_start_from(bash):
    assert bash("scalenet init resnet50") == [name for name in architectures() if name.startswith("resnet50")]


def test_files_of_options(bash):
    assert bash("scalenet convert one.pth --structure ") == ["folder", "structure.json"]
    assert bash("scalenet run two.onnx --output ") == ["folder", "y.npy"]
    assert bash("scalenet run two.onnx --output-dir ") == ["folder"]


def test_zsh_reads_its_script(unpacked):
    script, = (unpacked["tarball"] / "share/zsh").glob("*/_scalenet")
    subprocess.run(["zsh", "-n", script], check=True)


def test_fish_reads_its_script(unpacked):
    script = unpacked["tarball"] / "share/fish/vendor_completions.d/scalenet.fish"
    outcome = subprocess.run(
        ["fish", "--no-config", "-c", 'source $argv[1]; complete -C "scalenet inspect arch:resnet10"', script],
        capture_output=True, text=True, check=True)
    assert "arch:resnet101" in outcome.stdout.split()
