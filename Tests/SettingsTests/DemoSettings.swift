import Base
import Settings

/// The configuration that the golden cases are written against: two sections that are always there, a component, and
/// one section (`all`) with every format.
enum Demo {
    static let schema = SettingsSchema([
        SettingsSection("admin", "Where the daemon is looked at.", AdminDemo.self, presence: .always),
        SettingsSection("log", "What is logged.", LogDemo.self, presence: .always),
        SettingsSection("disk", "Disk use of the host.", DiskDemo.self),
        SettingsSection("all", "Every format once.", AllDemo.self),
    ])
}

struct AdminDemo: SettingsGroup {
    var listen = NetworkAddress.tcp(host: "127.0.0.1", port: 9900)
    var token: Secret?

    static var fields: [SettingsField<Self>] {
        [
            SettingsField("listen", \.listen, .socketAddress, "Where the admin endpoint listens."),
            SettingsField("token", \.token, .secret, "Who may ask for a reload."),
        ]
    }
}

enum LogLevel: String, CaseIterable { case trace, debug, info, notice, warning, error, critical }

struct LogDemo: SettingsGroup {
    var level = LogLevel.info

    static var fields: [SettingsField<Self>] {
        [SettingsField("level", \.level, .choice(), "The least severe level that is written.", aliases: ["verbosity"])]
    }
}

struct ReportDemo: SettingsGroup {
    var url = HTTPURL("http://localhost/")
    var timeout = Duration.seconds(5)
    var password: Secret?

    static var fields: [SettingsField<Self>] {
        [
            SettingsField("url", \.url, .url, "Where each sample is posted.", required: true),
            SettingsField("timeout", \.timeout, .duration(in: .milliseconds(10) ... .seconds(300)), "Bounds one post."),
            SettingsField("password", \.password, .secret, "Sent with each post."),
        ]
    }
}

struct RuleDemo: SettingsGroup {
    var name = ""
    var above = 0.9
    var hold = Duration.zero

    static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .nonEmptyString, "What the alert is called.", required: true),
            SettingsField("above", \.above, .ratio, "Fires where more than this share is used."),
            SettingsField("for", \.hold, .duration(), "Fires only after this long."),
        ]
    }
}

struct DiskDemo: SettingsGroup {
    var interval = Duration.seconds(15)
    var timeout = Duration.seconds(5)
    var report: ReportDemo?
    var rules: [RuleDemo] = []

    static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "interval", \.interval, .duration(in: .milliseconds(100) ... .seconds(86_400)),
                "How often every mount is sampled.", aliases: ["period"]),
            SettingsField("timeout", \.timeout, .duration(), "How long one mount may take."),
            SettingsField("report", \.report, .group(), "Where samples are posted."),
            SettingsField("rules", \.rules, .list(of: .group(), count: 0...4), "What is worth an alert."),
        ]
    }

    func check(_ complaints: inout SettingsChecker) {
        if timeout >= interval { complaints.error(at: \Self.timeout, "must be shorter than interval") }
        for (index, rule) in rules.enumerated() where rule.hold > .zero && rule.hold < interval {
            complaints.warning(at: "rules[\(index)].for", "is shorter than interval, so one sample decides")
        }
        if let report, report.timeout > interval {
            complaints.error(at: "report.timeout", "must not be longer than interval")
        }
    }
}

struct FileInputDemo: SettingsGroup {
    var path = "/var/log/messages"

    static var fields: [SettingsField<Self>] { [SettingsField("path", \.path, .path, "The file to read.")] }
}

struct HTTPInputDemo: SettingsGroup {
    var port: UInt16 = 80

    static var fields: [SettingsField<Self>] {
        [SettingsField("port", \.port, .integer(in: 1...65_535), "Where to listen.", required: true)]
    }
}

enum InputDemo: Sendable, Equatable {
    case file(FileInputDemo)
    case http(HTTPInputDemo)

    static var format: ValueFormat<InputDemo> {
        .union([
            UnionCase(
                "file", .group(), "Lines of a file.", wrap: InputDemo.file,
                unwrap: { if case .file(let input) = $0 { input } else { nil } }),
            UnionCase(
                "http", .group(), "Posted lines.", wrap: InputDemo.http,
                unwrap: { if case .http(let input) = $0 { input } else { nil } }),
        ])
    }
}

struct TreeDemo: SettingsGroup {
    var name = "root"
    var children: [TreeDemo] = []

    static var fields: [SettingsField<Self>] {
        [
            SettingsField("name", \.name, .string, "Its name."),
            SettingsField("children", \.children, .list(of: .group()), "What is below."),
        ]
    }
}

/// `90`, `12.5` or `90%`.
struct LevelDemo: Sendable, Equatable {
    let text: String

    init?(_ text: String) {
        let number = text.hasSuffix("%") ? String(text.dropLast()) : text
        guard let value = Double(number), (0...100).contains(value) else { return nil }
        self.text = text
    }
}

struct AllDemo: SettingsGroup {
    var text = "plain"
    var flag = false
    var count = 3
    var port: UInt16 = 80
    var factor = 1.5
    var share = 0.8
    var size = ByteCount.mebibytes(100)
    var mode: UInt32 = 0o640
    var paths: [String] = ["/tmp"]
    var labels: OrderedMap<String> = [:]
    var limits: [String: Int] = [:]
    var inputs: [InputDemo] = []
    var tree: TreeDemo?
    var word: String? = "given"
    var even = 2
    var level: LevelDemo?
    var address: NetworkAddress?
    var url: HTTPURL?
    var raw: YAMLNode?

    static var fields: [SettingsField<Self>] { scalars + collections }

    private static var scalars: [SettingsField<Self>] {
        [
            SettingsField("text", \.text, .string, "Any text."),
            SettingsField("flag", \.flag, .bool, "Yes or no."),
            SettingsField("count", \.count, .integer(in: 1...10), "A small number."),
            SettingsField("port", \.port, .integer(), "A number of sixteen bits."),
            SettingsField("factor", \.factor, .number(in: 0...100), "Any number."),
            SettingsField("share", \.share, .ratio, "A share | of all."),
            SettingsField("size", \.size, .byteCount(in: .kibibytes(1) ... .gibibytes(8)), "A size."),
            SettingsField("mode", \.mode, .fileMode, "Permissions."),
            SettingsField("word", \.word, .nonEmptyString, "Text or nothing."),
            SettingsField(
                "even", \.even,
                .parsed(
                    name: "an even number", allowed: "0, 2, 4, …", pattern: "^[0-9]*[02468]$",
                    parse: { Int($0).flatMap { $0 % 2 == 0 ? $0 : nil } }, render: { "\($0)" }),
                "A format of our own."),
            SettingsField(
                "level", \.level,
                .parsed(
                    name: "a level", allowed: "a number up to 100, or a percentage", pattern: "^[0-9]+(\\.[0-9]+)?%?$",
                    numbers: 0...100, parse: { LevelDemo($0) }, render: { $0.text }),
                "A format of our own that takes bare numbers."),
            SettingsField("address", \.address, .socketAddress, "An address."),
            SettingsField("url", \.url, .url, "A URL."),
        ]
    }

    private static var collections: [SettingsField<Self>] {
        [
            SettingsField("paths", \.paths, .oneOrMany(of: .path, count: 1...8), "One or many."),
            SettingsField("labels", \.labels, .map(of: .string), "Text by name."),
            SettingsField("limits", \.limits, .dictionary(of: .integer(in: 0...100)), "Numbers by name."),
            SettingsField("inputs", \.inputs, .list(of: InputDemo.format), "Tagged."),
            SettingsField("tree", \.tree, .group(), "Contains itself."),
            SettingsField("raw", \.raw, .node, "Anything."),
        ]
    }
}
