#!/bin/sh
# Writes dist/man/apus.1 and a page for each command, and the shell completions, from what the program says of itself.
#
# Usage: man.sh [PROGRAM]    (default .build/debug/apus)    needs python3
set -eu
cd "$(dirname "$0")/.."
program=${1:-.build/debug/apus}

rm -rf dist/man dist/completions
mkdir -p dist/man dist/completions
version=$("$program" --version | cut -d ' ' -f 2)
"$program" --experimental-dump-help | python3 scripts/man.py --version "$version" dist/man
"$program" --generate-completion-script bash >dist/completions/apus.bash
"$program" --generate-completion-script zsh >dist/completions/_apus
"$program" --generate-completion-script fish >dist/completions/apus.fish
ls dist/man/* dist/completions/*
