import Base
import SSHTransport
import Testing

/// A conversation with a real shell of this host: what ssh adds is only the way there.
@Suite(.timeLimit(.minutes(2))) struct ConversationTests {
    private static let patience = Duration.seconds(20)

    private func opening(_ nonce: String) -> String {
        "N=\(nonce); m() { printf '\\n@@%s %s\\n' \"$N\" \"$*\"; }; m ready\n"
    }

    private func leg(_ conversation: Conversation, _ text: String, timeout: Duration = patience) throws -> [String] {
        var sections: [String] = []
        var bytes: [UInt8] = []
        try conversation.leg(BytesPayload(Array(text.utf8)), timeout: timeout) { event throws(ApusError) in
            switch event {
            case .begin: bytes = []
            case .bytes(_, let piece): bytes += piece
            case .end(let number, let code):
                sections.append("\(number)=\(code):\(String(decoding: bytes, as: UTF8.self))")
            case .mark: break
            }
        }
        return sections
    }

    @Test func talksInSeveralLegs() throws {
        let conversation = try Conversation(RemoteShell(route: .local))
        let first = try leg(conversation, opening(conversation.nonce) + "m s 0; echo hello; m e 0 $?; m end\n")
        #expect(first == ["0=0:hello\n"])
        let second = try leg(conversation, "m s 1; (exit 3); m e 1 $?; m end\n")
        #expect(second == ["1=3:"])
        #expect(conversation.finish() == 0)
    }

    /// What follows a line on the same stream belongs to the command of the line, to the last byte.
    @Test(arguments: ["dash", "bash", "busybox sh"]) func leavesTheStreamToTheCommand(shell: String) throws {
        let conversation = try Conversation(RemoteShell(route: .local))
        let payload = String(repeating: "x", count: 100_000)
        let inner = "exec 3<&0 0</dev/null; while IFS= read -r l <&3; do eval \"$l\"; done"
        let text =
            opening(conversation.nonce) + "\(shell) -c '\(inner)' <&3\n" + opening(conversation.nonce)
            + "m s 0; dd bs=1 count=100000 <&3 2>/dev/null | wc -c; m e 0 $?; m end\n" + payload
        let answer = try leg(conversation, text)
        #expect(answer.map { $0.filter { $0 != " " } } == ["0=0:100000\n"])
    }

    @Test func endsAtTheTimeout() throws {
        let conversation = try Conversation(RemoteShell(route: .local))
        let error = #expect(throws: ApusError.self) {
            _ = try leg(conversation, opening(conversation.nonce) + "sleep 60\n", timeout: .milliseconds(200))
        }
        #expect(error?.code == "host-silent")
    }

    @Test func tellsWhatEndedIt() throws {
        let conversation = try Conversation(RemoteShell(route: .local))
        let error = #expect(throws: ApusError.self) {
            _ = try leg(conversation, opening(conversation.nonce) + "echo out of luck >&2; exit 9\n")
        }
        #expect(error?.code == "connection-lost")
        #expect(error?.message.contains("out of luck") == true)
    }

    @Test func isCancelledFromAnotherThread() async throws {
        let task = Task {
            try await ConversationThread.run { box in
                let conversation = try Conversation(RemoteShell(route: .local))
                box.put(conversation)
                _ = try self.leg(conversation, self.opening(conversation.nonce) + "sleep 60\n", timeout: .seconds(60))
            }
        }
        task.cancel()
        let error = await #expect(throws: ApusError.self) { try await task.value }
        #expect(error?.code == "cancelled")
    }

    /// A host that never stops talking cannot fill our memory.
    @Test func boundsWhatItTakes() throws {
        let conversation = try Conversation(RemoteShell(route: .local), mostBytes: 1 << 20)
        let error = #expect(throws: ApusError.self) {
            _ = try leg(conversation, opening(conversation.nonce) + "m s 0; yes\n")
        }
        #expect(error?.code == "too-much-output")
    }
}
