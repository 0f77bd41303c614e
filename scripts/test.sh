#!/usr/bin/env bash
# Runs the built tests in three lanes at a time: processes of the same test program, whose patterns leave each test in exactly
# one. What shares a thing that there is once on this machine is in one lane: the hosts with their namespaces and sshd,
# mounts, folders such as /var/lib/apus-sync, and whoever looks at all processes.
# Within a lane one test runs at a time. Fails when any does.
#
# Usage: test.sh          the tests must be built: swift build --product apusPackageTests
set -uo pipefail
cd "$(dirname "$0")/.."

tests=.build/debug/apusPackageTests.xctest
# What looks at hosts, mounts or all processes, and all that starts the program but `apus logs` and `apus gateway`, which
# keep to folders and ports of their own and have a lane for themselves. The third: every other room by itself.
hosts='^(HostSyncTests|SSHTransportTests|HostInstallTests|HostMetricsTests)\.'
hosts+='|^ApusTests\.(?!Logs|Gateway)|^ObjectStoreTests\.FolderStore'
programs='^ApusTests\.(Logs|Gateway)'

# The test program takes every pipe for a terminal.
plain='s/\x1b\[[0-9;]*m//g'
[ ! -t 1 ] || plain=

lanes=()
stop() {
    for lane in "${lanes[@]}"; do kill "$lane" 2>/dev/null; done
    exit 130
}
trap stop INT TERM

# Sets `lane` to the process of the test program, so that it can be waited for and ended.
start() { # NAME OPTION PATTERN
    "$tests" --testing-library swift-testing --no-parallel "$2" "$3" > >(sed -u -e "$plain" -e "s/^/$1 | /") 2>&1 &
    lanes+=($!)
}

start hosts --filter "$hosts"
start programs --filter "$programs"
start rooms --skip "$hosts|$programs"
status=0
for lane in "${lanes[@]}"; do
    wait "$lane" || status=1
done
# The last lines are still on their way.
wait
exit "$status"
