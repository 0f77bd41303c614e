import Base
import HTTPTypes
import Hummingbird
import NIOCore
import Profiling
import Telemetry

/// What the admin endpoint answers. Reads are GET; the changes, reload and rollback, are POST and must be enabled.
struct AdminRoutes: Sendable {
    /// A scrape renders every series: more at once than this is a mistake of the scraper and gets 503.
    static let concurrentScrapes = 4
    static let consoleStreams = 32
    static let consoleInterval = Duration.seconds(2)
    static let profileSecondsLimit = 300

    let settings: AdminSettings
    let daemon: any DaemonView
    let metrics: MetricsRegistry
    let time: any TimeSource
    let draining: Latch
    let ownName: String

    func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AdminObservation(metrics: metrics, time: time))
        router.add(middleware: AdminGuard(ownName: ownName, hosts: settings.hosts))
        addConsole(to: router)
        addHealth(to: router)
        addMetrics(to: router)
        addReload(to: router)
        RollbackRoute(settings: settings.rollback, daemon: daemon).add(to: router)
        if settings.profiling { addProfiles(to: router) }
        return router
    }

    private func addConsole(to router: Router<BasicRequestContext>) {
        router.get("/") { _, _ in
            let page = ConsolePage.render(
                await daemon.snapshot(), logs: daemon.recentLogs, canReload: settings.reload)
            return Response.text(page.text, type: "text/html; charset=utf-8")
        }
        router.get("/console.css") { _, _ in Response.text(ConsoleAssets.styleSheet, type: "text/css; charset=utf-8") }
        router.get("/console.js") { _, _ in Response.text(ConsoleAssets.script, type: "text/javascript; charset=utf-8")
        }
        router.get("/icon.svg") { _, _ in Response.text(ConsoleAssets.icon, type: "image/svg+xml") }
        let streams = InFlightLimit(AdminRoutes.consoleStreams)
        router.get("/events") { _, _ in
            guard let place = streams.enter() else {
                return Response.text("too many consoles are open\n", status: .serviceUnavailable)
            }
            var response = Response(
                status: .ok,
                body: ResponseBody { writer in
                    defer { withExtendedLifetime(place) {} }
                    try await streamConsole(to: &writer)
                    try await writer.finish(nil)
                })
            response.headers[.contentType] = "text/event-stream"
            return response
        }
        router.get("/configuration") { _, _ in Response.text(await daemon.renderedConfiguration()) }
    }

    /// Server-sent events (HTML standard, section 9.2): one event each interval, until the client or the daemon goes.
    private func streamConsole(to writer: inout any ResponseBodyWriter) async throws {
        repeat {
            let main = ConsolePage.main(await daemon.snapshot(), logs: daemon.recentLogs)
            let data = main.text.split(separator: "\n", omittingEmptySubsequences: false).map { "data: \($0)\n" }
                .joined()
            try await writer.write(ByteBuffer(string: "event: main\n\(data)\n"))
        } while try await !time.sleep(until: time.now().advanced(by: AdminRoutes.consoleInterval), orOpen: draining)
    }

    private func addHealth(to router: Router<BasicRequestContext>) {
        router.get("/healthz") { _, _ in Response.text("ok\n") }
        router.get("/readyz") { _, _ in
            let snapshot = await daemon.snapshot()
            let report = Readiness(snapshot)
            return Response.json(report, status: snapshot.isReady ? .ok : .serviceUnavailable)
        }
    }

    private func addMetrics(to router: Router<BasicRequestContext>) {
        let scrapes = InFlightLimit(AdminRoutes.concurrentScrapes)
        router.get("/metrics") { request, _ in
            guard let place = scrapes.enter() else {
                return Response.text("too many scrapes at once\n", status: .serviceUnavailable)
            }
            let exposition = metrics.expose(
                accept: request.headers[.accept], acceptEncoding: request.headers[.acceptEncoding], now: time.now())
            let bytes = ByteBuffer(bytes: exposition.bytes)
            // The place is held until the client has taken the answer: those who do not read must not pile answers up.
            let body = ResponseBody(contentLength: bytes.readableBytes) { writer in
                defer { withExtendedLifetime(place) {} }
                try await writer.write(bytes)
                try await writer.finish(nil)
            }
            var response = Response(status: .ok, body: body)
            response.headers[.contentType] = exposition.contentType
            response.headers[.contentEncoding] = exposition.contentEncoding
            response.headers[.vary] = "Accept, Accept-Encoding"
            return response
        }
    }

    private func addReload(to router: Router<BasicRequestContext>) {
        router.post("/-/reload") { request, _ in
            guard settings.reload else {
                return Response.text(
                    "reload is not enabled: set admin.reload to true, or send SIGHUP\n", status: .forbidden)
            }
            let record = await daemon.reload(isForced: request.uri.queryParameters["force"] == "true")
            if request.headers[.accept]?.contains("text/html") == true {
                var response = Response(status: .seeOther)
                response.headers[.location] = "../"
                return response
            }
            let answer = ReloadAnswer(reloaded: record.isSuccess, complaints: record.complaints)
            return Response.json(answer, status: record.isSuccess ? .ok : .unprocessableContent)
        }
    }

    private func addProfiles(to router: Router<BasicRequestContext>) {
        router.get("/debug/pprof/profile") { request, _ in
            let seconds = request.uri.queryParameters["seconds"].map { Int($0) } ?? 30
            guard let seconds, (1...AdminRoutes.profileSecondsLimit).contains(seconds) else {
                return Response.text("seconds: wanted a whole number from 1 to 300\n", status: .badRequest)
            }
            do {
                let profile = try await CPUProfiler.profile(seconds: seconds)
                var response = Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: profile)))
                response.headers[.contentType] = "application/octet-stream"
                response.headers[.contentDisposition] = "attachment; filename=\"profile.pb\""
                return response
            } catch let error as ApusError {
                return Response.text("\(error)\n", status: .conflict)
            }
        }
        router.get("/debug/memory") { _, _ in
            do {
                return Response.text(try MemoryStatistics.ofThisProcess().text)
            } catch {
                return Response.text("\(error)\n", status: .internalServerError)
            }
        }
        router.get("/debug/pprof/cmdline") { _, _ in
            Response.text(String(decoding: try ProcessCommandLine.nulSeparated(), as: UTF8.self))
        }
    }
}

private struct Readiness: Encodable {
    struct Component: Encodable {
        let ready: Bool
        let state: String
        let reason: String?
    }

    /// Present while the file on disk is not what runs. It takes nothing from being ready.
    struct RolledBackFile: Encodable {
        let cause: String
        let reason: String
        let at: String
        let rejected: String
        let runs: String

        init(_ rolledBack: RolledBack) {
            cause = rolledBack.reason.cause.rawValue
            reason = rolledBack.reason.text
            at = rolledBack.at.rfc3339
            rejected = rolledBack.rejectedHash
            runs = rolledBack.restoredHash
        }
    }

    let ready: Bool
    let rolledBack: RolledBackFile?
    let components: [String: Component]

    init(_ snapshot: DaemonSnapshot) {
        ready = snapshot.isReady
        rolledBack = snapshot.rolledBack.map(RolledBackFile.init)
        components = Dictionary(
            uniqueKeysWithValues: snapshot.components.map { entry in
                let status = entry.status
                return (
                    entry.name, Component(ready: status.isReady, state: status.state.rawValue, reason: status.reason)
                )
            })
    }
}

private struct ReloadAnswer: Encodable {
    let reloaded: Bool
    let complaints: [String]
}
