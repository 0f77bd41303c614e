import Base
import Glibc
import Reactor
import Synchronization

/// The workers of a gateway. They live as long as the process serves: a reload gives them another plan, and connections,
/// pools and tunnels go on.
final class GatewayEngine: Sendable {
    private struct State {
        var plan: GatewayPlan
        var isStopped = false
    }

    let workers: [Worker]
    private let threads: Mutex<[WorkerThread]> = Mutex([])
    private let state: Mutex<State>
    private let running = Atomic<Int>(0)

    init(plan: GatewayPlan, workers count: Int, telemetry: GatewayTelemetry) throws(ApusError) {
        var made: [Worker] = []
        let census = ClientCensus()
        for number in 0..<count {
            made.append(try Worker(number: number, plan: plan, census: census, telemetry: telemetry))
        }
        workers = made
        let team = WorkerTeam(made)
        for worker in made { worker.team = team }
        state = Mutex(State(plan: plan))
    }

    var plan: GatewayPlan { state.withLock { $0.plan } }

    /// Starts a thread for each worker.
    func start() throws(ApusError) {
        for worker in workers {
            running.add(1, ordering: .relaxed)
            let thread = try WorkerThread(name: "gateway-\(worker.number)") {
                worker.reactor.run()
                self.running.subtract(1, ordering: .releasing)
            }
            threads.withLock { $0.append(thread) }
        }
    }

    /// Gives all workers another plan, and lets them accept on what it listens on and no longer on the rest.
    ///
    /// - Parameter sockets: for each listener of the plan, one descriptor a worker, which is the worker's from then on.
    func apply(_ plan: GatewayPlan, sockets: [[Int32]]) {
        state.withLock { $0.plan = plan }
        for (index, worker) in workers.enumerated() {
            let own = sockets.map { $0[index] }
            worker.reactor.poster.post { worker.adopt(plan, sockets: own) }
        }
    }

    /// Runs `body` on each worker's thread, one after the other, and returns when the last is done.
    func onEach<Result: Sendable>(_ body: @escaping @Sendable (Worker) -> Result) async -> [Result] {
        var results: [Result] = []
        for worker in workers {
            let result: Result? = await withCheckedContinuation { continuation in
                let posted = worker.reactor.poster.post { continuation.resume(returning: body(worker)) }
                if !posted { continuation.resume(returning: nil) }
            }
            if let result { results.append(result) }
        }
        return results
    }

    /// Clients' connections of all workers.
    var openConnections: Int {
        get async { await onEach { worker in worker.openConnections }.reduce(0, +) }
    }

    /// No new connections; idle ones close, others after their response.
    func drain() {
        for worker in workers { worker.reactor.poster.post { worker.drain() } }
    }

    /// Ends the threads; what is still open is closed with the process.
    func stop() {
        guard
            state.withLock({ state in
                defer { state.isStopped = true }
                return !state.isStopped
            })
        else { return }
        for worker in workers { worker.reactor.poster.stop() }
    }
}

/// The workers of one engine, as they know each other. The engine, which every worker's thread holds, keeps them.
final class WorkerTeam: Sendable {
    private struct Member: Sendable {
        unowned let worker: Worker
    }

    private let members: [Member]

    init(_ workers: [Worker]) {
        members = workers.map { Member(worker: $0) }
    }

    func workers(besides one: Worker) -> [Worker] { members.map(\.worker).filter { $0 !== one } }
}
