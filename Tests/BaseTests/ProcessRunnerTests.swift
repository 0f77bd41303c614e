import Base
import Glibc
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProcessRunnerTests {
    @Test func passesArgumentsWithoutAShell() throws {
        let result = try ProcessRunner.run(["printf", "%s|", "a b", "$HOME", "*"], timeout: .seconds(30))
        #expect(result.code == 0)
        #expect(result.output == "a b|$HOME|*|")
    }

    @Test(arguments: [("exit 7", Int32(7)), ("kill -TERM $$", 143)])
    func tellsHowItEnded(script: String, code: Int32) throws {
        #expect(try ProcessRunner.run(["sh", "-c", script], timeout: .seconds(30)).code == code)
    }

    @Test func boundsTheOutput() throws {
        let result = try ProcessRunner.run(
            ["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x"], timeout: .seconds(30))
        #expect(result.code == 0)
        #expect(result.output.utf8.count == 64 << 10)
    }

    @Test func endsAProgramThatTakesTooLong() {
        // `cat` on an endless pipe never ends by itself, so the test can only pass by the time-out.
        let error = #expect(throws: ApusError.self) {
            try ProcessRunner.run(["sh", "-c", "sleep 1000 | cat"], timeout: .milliseconds(50))
        }
        #expect(error?.code == "program-timed-out")
    }

    /// A service that was restarted holds the pipe for as long as it runs.
    @Test func aChildInTheBackgroundIsNotWaitedFor() throws {
        let result = try ProcessRunner.run(
            ["sh", "-c", "echo one; sleep 1000 & echo two >&2; echo $!; exit 3"], timeout: .seconds(30))
        #expect(result.code == 3)
        let words = result.output.split(separator: "\n")
        #expect(words.dropLast() == ["one", "two"])
        let child = try #require(words.last.flatMap { Int32($0) })
        #expect(kill(child, SIGKILL) == 0, "it goes on")
    }

    @Test func endsAProgramThatHasClosedItsOutput() {
        let error = #expect(throws: ApusError.self) {
            try ProcessRunner.run(["sh", "-c", "exec >&- 2>&-; sleep 1000"], timeout: .milliseconds(50))
        }
        #expect(error?.code == "program-timed-out")
    }

    @Test func saysWhatIsNotInstalled() {
        let error = #expect(throws: ApusError.self) {
            try ProcessRunner.run(["no-such-program-here"], timeout: .seconds(1))
        }
        #expect(error?.code == "no-such-program")
    }
}
