import Base
import Glibc
import TestKit
import Testing

/// `POST /-/rollback` of the real program, as a person and as Alertmanager send it.
@Suite(.timeLimit(.minutes(5))) struct RollbackTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func configuration(_ hosts: String, rollback: String = "{ enabled: true }") -> String {
        "admin: { listen: \"127.0.0.1:0\", reload: true, hosts: [\(hosts)], rollback: \(rollback) }\n"
    }

    private func post(_ address: String, _ body: String = "") async throws -> IncomingResponse {
        try await Client.post("\(address)/-/rollback", body: body)
    }

    /// One alert as Alertmanager posts it; `began` in seconds from now.
    private func webhook(began: Int64, labels: String = "") -> String {
        let instant = SystemTime().wallNow().advanced(by: .seconds(began)).rfc3339
        return #"""
            {"version":"4","status":"firing","alerts":[{"status":"firing","startsAt":"\#(instant)",
            "labels":{"alertname":"GatewayErrors"\#(labels)}}]}
            """#
    }

    @Test func aPersonPutsTheSettingsBackAndTheFileIsRefusedUntilItChanges() async throws {
        let apus = try await ApusProgram.run(configuration("a"), folder: folder)
        let address = try #require(apus.address)
        let nothing = try await post(address)
        #expect(nothing.status == 409 && nothing.text.contains("no earlier settings are known"), "\(nothing.text)")
        try apus.write(configuration("b"))
        #expect(try await apus.reload())

        let answer = try await post(address)
        #expect(answer.status == 200 && answer.text.contains("\"rolledBack\" : true"), "\(answer.text)")
        #expect(try await Client.get("\(address)/configuration").text.contains("- a"))
        #expect(String(decoding: try Files.read(apus.file), as: UTF8.self).contains("[b]"))
        #expect(try await Client.metric("apus_daemon_rolled_back", at: address) == 1)
        #expect(try await Client.metric("apus_daemon_rollbacks_total{cause=\"request\"}", at: address) == 1)
        #expect(try await Client.get("\(address)/").text.contains("The file on disk is not what runs"))
        let ready = try await Client.get("\(address)/readyz")
        #expect(ready.status == 200 && ready.text.contains("\"rolledBack\" : {"), "\(ready.text)")
        #expect(try await post(address).status == 409)

        #expect(try await apus.reload() == false)
        #expect(apus.errors.contains("was rolled back at"))
        let forced = try await Client.post("\(address)/-/reload?force=true")
        #expect(forced.status == 200, "\(forced.text)")
        #expect(try await Client.metric("apus_daemon_rolled_back", at: address) == 0)
        #expect(!(try await Client.get("\(address)/readyz").text.contains("rolledBack")))
    }

    @Test func alertmanagerPutsTheSettingsBack() async throws {
        let rollback = "{ enabled: true, labels: { apus_rollback: \"true\" } }"
        let apus = try await ApusProgram.run(configuration("a", rollback: rollback), folder: folder)
        let address = try #require(apus.address)
        try apus.write(configuration("b", rollback: rollback))
        #expect(try await apus.reload())
        let marked = #","apus_rollback":"true""#
        let refused = [
            (webhook(began: 1), "no alert with the labels of admin.rollback.labels fires in it"),
            (webhook(began: 1).replacing("firing", with: "resolved"), "fires in it"),
            (webhook(began: -3600, labels: marked), "before what runs was loaded"),
        ]
        for (body, why) in refused {
            let answer = try await post(address, body)
            #expect(answer.status == 200 && answer.text.contains("\"rolledBack\" : false"), "\(answer.text)")
            #expect(answer.text.contains(why), "\(answer.text)")
        }
        #expect(try await Client.metric("apus_daemon_rolled_back", at: address) == 0)

        for isFirst in [true, false] {
            let answer = try await post(address, webhook(began: 1, labels: marked))
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.text.contains("\"rolledBack\" : \(isFirst)"), "\(answer.text)")
        }
        #expect(try await Client.metric("apus_daemon_rollbacks_total{cause=\"alert\"}", at: address) == 1)
        #expect(apus.errors.contains("alert GatewayErrors fires"))
        #expect(try await Client.get("\(address)/configuration").text.contains("- a"))
    }

    @Test func whatIsNoWebhookIsRefused() async throws {
        let apus = try await ApusProgram.run(configuration("a"), folder: folder)
        let address = try #require(apus.address)
        try apus.write(configuration("b"))
        #expect(try await apus.reload())
        #expect(try await post(address, "{").status == 400)
        #expect(try await post(address, #"{"version":"3","status":"firing","alerts":[]}"#).status == 400)
        #expect(try await post(address, String(repeating: " ", count: (1 << 20) + 1)).status == 413)
        let foreign = try await Client.post(
            "\(address)/-/rollback", headers: [("Sec-Fetch-Site", "cross-site")])
        #expect(foreign.status == 403)
        #expect(try await Client.get("\(address)/-/rollback").status >= 400)
        #expect(try await Client.metric("apus_daemon_rolled_back", at: address) == 0)
        #expect(try await Client.get("\(address)/configuration").text.contains("- b"))
    }

    @Test func itMustBeEnabled() async throws {
        let apus = try await ApusProgram.run(configuration("a", rollback: "{}"), folder: folder)
        let address = try #require(apus.address)
        try apus.write(configuration("b", rollback: "{}"))
        #expect(try await apus.reload())
        #expect(try await post(address).status == 403)
        #expect(try await Client.get("\(address)/configuration").text.contains("- b"))
    }
}
