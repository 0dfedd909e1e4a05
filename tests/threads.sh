#!/bin/sh
# threads.sh LONGPLAY: for a build under the thread sanitizer: what the program does in several threads, small. A race ends it.
set -eu
longplay=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
settings="--train.envs=6 --train.steps=16 --ppo.minibatches=2 --policy.hidden=32 --train.twin=0.3"
"$longplay" train cue --out w.safetensors --threads 3 --eval-episodes 6 $settings --train.decisions=400
"$longplay" train cue --out w.safetensors --threads 3 --eval-episodes 6 $settings --train.decisions=800 --resume
"$longplay" eval cue --policy w.safetensors --threads 3 --episodes 9
"$longplay" play cue --policy w.safetensors --headless --run run --episodes 2
"$longplay" play cue --policy w.safetensors --headless --run run --episodes 3 --resume
"$longplay" replay run --verify
