import Daemon
import Gateway
import HostMetrics
import HostSync
import LogArchive

/// The one list of what `apus run` can run. A new part of Apus is one line here.
enum Components {
    static let all: [ComponentDefinition] = [
        DiskComponent.definition, SyncComponent.definition, LogSyncComponent.definition,
        GatewayComponent.definition,
    ]
}
