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
# The process that stays, with the threads of its page and its encoder: one player is killed, the next one ends. Nobody is there to stream to.
"$longplay" stream cue --policy w.safetensors --headless --run month --episodes 8 --speed 4 --web 127.0.0.1:0 --stream tcp://127.0.0.1:1 &
stays=$!
until player=$(grep -so '"pid":[^,]*' month/run.json); do kill -0 $stays; sleep 0.1; done
kill -9 ${player#*:}
wait $stays
grep -q '"episode":[^0-9]*8,' month/run.json
