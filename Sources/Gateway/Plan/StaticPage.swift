import Base
import Glibc
import Synchronization

/// An answer that lies ready: a page from a file or a text of the configuration.
struct StaticPage: Sendable {
    let status: Int?
    let contentType: [UInt8]
    let body: [UInt8]

    init(status: Int?, contentType: String?, body: [UInt8], file: String? = nil) {
        self.status = status
        self.body = body
        self.contentType = Array((contentType ?? StaticPage.type(of: file)).utf8)
    }

    private static func type(of file: String?) -> String {
        guard let name = file?.lowercased(), let dot = name.lastIndex(of: ".") else {
            return "text/plain; charset=utf-8"
        }
        return switch name[name.index(after: dot)...] {
        case "html", "htm": "text/html; charset=utf-8"
        case "json": "application/json"
        case "xml": "application/xml"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "txt": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}

/// A page and the file that it comes from. The file is looked at about once a second; a version that does not read leaves
/// the former one in place.
final class PageSource: Sendable {
    private struct State {
        var page: StaticPage
        var mark: FileMark?
    }

    private let file: String?
    private let status: Int?
    private let contentType: String?
    private let state: Mutex<State>

    init(_ page: StaticPage) {
        file = nil
        status = nil
        contentType = nil
        state = Mutex(State(page: page))
    }

    /// - Throws: `ApusError` `read-failed`.
    init(file: String, status: Int?, contentType: String?) throws(ApusError) {
        self.file = file
        self.status = status
        self.contentType = contentType
        let mark = FileMark(file)
        let body = try Files.read(file, limit: GatewayInspection.largestPage)
        state = Mutex(
            State(page: StaticPage(status: status, contentType: contentType, body: body, file: file), mark: mark))
    }

    var page: StaticPage { state.withLock { $0.page } }

    func refresh() {
        guard let file else { return }
        let mark = FileMark(file)
        guard mark != nil, mark != state.withLock({ $0.mark }),
            let body = try? Files.read(file, limit: GatewayInspection.largestPage)
        else { return }
        let page = StaticPage(status: status, contentType: contentType, body: body, file: file)
        state.withLock { $0 = State(page: page, mark: mark) }
    }
}

/// What tells that a file is another one than before.
struct FileMark: Hashable, Sendable {
    private let device: UInt
    private let inode: UInt
    private let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// Nil when there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = status.st_dev
        inode = status.st_ino
        size = status.st_size
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
