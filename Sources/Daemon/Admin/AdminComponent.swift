import Base
import Hummingbird
import Logging
import NIOCore
import Settings
import Synchronization
import Telemetry

/// The admin endpoint: console, metrics, health, readiness, reload and profiles, on loopback or a Unix socket.
final class AdminComponent: Component {
    static let name = "admin"
    static let definition = ComponentDefinition(
        name, "The admin endpoint: console, metrics, health, reload, profiles.", settings: AdminSettings.self,
        presence: .always
    ) { settings, context in
        try AdminComponent(settings: settings, context: context)
    }

    private let settings: AdminSettings
    private let context: ComponentContext
    /// Nil where the endpoint is switched off.
    private let lease: ListenerLease?
    private let draining = Latch()
    private let isServing = Mutex(false)

    init(settings: AdminSettings, context: ComponentContext) throws(SettingFault) {
        self.settings = settings
        self.context = context
        lease = settings.enabled ? try context.listen(on: settings.listen, setting: "listen") : nil
    }

    func run() async throws {
        guard let lease else {
            isServing.withLock { $0 = true }
            return try await draining.wait()
        }
        let responder = AdminRoutes(
            settings: settings, daemon: context.daemon, metrics: context.metrics, time: context.time,
            draining: draining,
            ownName: context.host
        ).router().buildResponder()
        let logger = context.logger
        let server = HTTPServer(lease: lease, limits: HTTPServer.Limits(), time: context.time, logger: logger) {
            request, channel in
            let requestContext = BasicRequestContext(source: .init(channel: channel, logger: logger))
            do {
                return try await responder.respond(to: request, context: requestContext)
            } catch {
                logger.warning("admin request failed", metadata: ["error": "\(error)", "path": "\(request.uri.path)"])
                return Response(status: .internalServerError)
            }
        }
        isServing.withLock { $0 = true }
        AdminListening(address: lease.boundAddress.asURL).emit(to: context.events)
        try await server.run(drain: draining)
    }

    func drain() { draining.open() }

    var status: ComponentStatus {
        ComponentStatus(
            isServing.withLock { $0 } ? .running : .starting,
            figures: [.init("listening on", lease?.boundAddress.asURL ?? "nothing: switched off")])
    }
}
