package import Base
import CLinux
import Glibc

/// A POSIX thread with a name, for what must own a core: the cooperative pool of Swift's tasks is not to be blocked.
package struct WorkerThread: Sendable {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(_ name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    private nonisolated(unsafe) let thread: pthread_t

    /// Starts the thread.
    ///
    /// - Parameter name: At most 15 bytes are shown by `top` and `ps`.
    /// - Throws: `ApusError` `thread-failed`.
    package init(name: String, _ run: @escaping @Sendable () -> Void) throws(ApusError) {
        let body = Unmanaged.passRetained(Body(name, run))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                apus_name_thread(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw ApusError(code: "thread-failed", "cannot start a thread: \(String(cString: strerror(code)))")
        }
        self.thread = thread
    }

    /// Waits until the thread has ended. Once only.
    package func join() {
        pthread_join(thread, nil)
    }

    /// Nobody waits for its end. Instead of `join`.
    package func detach() {
        pthread_detach(thread)
    }
}
