#!/usr/bin/env bash
# Whole conversions against copying the file with fsync, in one run: medians of five, and ratios.
set -euo pipefail
checkpoint=${1:?usage: convert.sh CHECKPOINT}
binary=${SCALENET:-.build/release/scalenet}
folder=$(mktemp -d -p "$(dirname "$checkpoint")")
trap 'rm -rf "$folder"' EXIT

median() {
  for _ in 1 2 3 4 5; do
    start=$(date +%s.%N)
    "$@" >/dev/null 2>&1
    end=$(date +%s.%N)
    echo "$end - $start" | bc
  done | sort -n | sed -n 3p
}

copy=$(median dd if="$checkpoint" of="$folder/copy" bs=1M conv=fsync)
echo "dd with fsync: $copy s"
for output in model.onnx model.h5 model.pth; do
  for mode in --no-verify ""; do
    # shellcheck disable=SC2086
    seconds=$(median "$binary" convert "$checkpoint" -o "$folder/$output" --force $mode)
    echo "$output ${mode:-verified}: $seconds s, ratio $(echo "scale=2; $seconds / $copy" | bc)"
  done
done
