import Base
import HTTPTypes
import Hummingbird
import NIOCore

/// `POST /-/rollback`: for a person without a body, for Alertmanager with its webhook's. Behind `AdminGuard`, as every path.
///
/// Alertmanager repeats what is answered with 5xx and counts every 4xx as a failure of its own, so an alert that is none of
/// ours, or that comes again when all is done, is answered with 200 and says why nothing happened. A person gets 409 for it.
struct RollbackRoute: Sendable {
    let settings: AdminRollbackSettings
    let daemon: any DaemonView

    func add(to router: Router<BasicRequestContext>) {
        router.post("/-/rollback") { request, _ in
            guard settings.enabled else {
                return Response.text(
                    "rollback is not enabled: set admin.rollback.enabled to true\n", status: .forbidden)
            }
            guard let body = try? await request.body.collect(upTo: AlertmanagerWebhook.sizeLimit) else {
                return Response.text("the body is larger than 1 MiB\n", status: .contentTooLarge)
            }
            return await answer(Array(buffer: body))
        }
    }

    private func answer(_ body: [UInt8]) async -> Response {
        guard !body.isEmpty else {
            let reason = RollbackReason(.request, "asked for by POST /-/rollback")
            return respond(
                await daemon.rollBack(RollbackRequest(source: .person, reason: reason)), refusal: .conflict)
        }
        do throws(WebhookRefused) {
            let webhook = try AlertmanagerWebhook.read(body)
            guard let alert = webhook.trigger(labels: settings.labels) else {
                let labels = settings.labels.isEmpty ? "" : " with the labels of admin.rollback.labels"
                return respond(.refused("no alert\(labels) fires in it"), refusal: .ok)
            }
            return respond(await daemon.rollBack(RollbackRoute.request(alert, settings)), refusal: .ok)
        } catch {
            return Response.text("\(error.why)\n", status: .badRequest)
        }
    }

    private static func request(
        _ alert: AlertmanagerWebhook.Alert, _ settings: AdminRollbackSettings
    ) -> RollbackRequest {
        let name = alert.labels?["alertname"] ?? "without a name"
        return RollbackRequest(
            source: .alert(began: alert.began, window: settings.window),
            reason: RollbackReason(.alert, "alert \(name) fires"))
    }

    private func respond(_ outcome: RollbackOutcome, refusal: HTTPResponse.Status) -> Response {
        switch outcome {
        case .rolledBack(let generation):
            return .json(RollbackAnswer(rolledBack: true, toGeneration: generation))
        case .refused(let why):
            return .json(RollbackAnswer(rolledBack: false, reason: why), status: refusal)
        case .failed(let complaints):
            return .json(RollbackAnswer(rolledBack: false, complaints: complaints), status: .unprocessableContent)
        }
    }
}

private struct RollbackAnswer: Encodable {
    let rolledBack: Bool
    var toGeneration: Int?
    var reason: String?
    var complaints: [String]?
}
