package import Base
import Envelope
package import Settings

/// `compress:` of a rule.
package struct CompressSettings: SettingsGroup {
    package enum Algorithm: String, Sendable, CaseIterable { case zstd, gzip, none }

    package var algorithm = Algorithm.zstd
    package var level: Int?
    package var threads = 1
    package var frameSize = ByteCount.mebibytes(2)
    package var long: Int?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("algorithm", \.algorithm, .choice(), "zstd, gzip or none."),
            SettingsField("level", \.level, .integer(in: 1...22), "1 to 22 for zstd (9), 1 to 9 for gzip (6)."),
            SettingsField("threads", \.threads, .integer(in: 1...64), "How many frames are compressed at a time."),
            SettingsField(
                "frameSize", \.frameSize, .byteCount(in: .kibibytes(64) ... .mebibytes(1024)),
                "What is compressed as a piece, which is also what a reader of a slice must fetch at least."),
            SettingsField(
                "long", \.long, .integer(in: 20...31),
                "zstd's long mode: repetitions are found over 2 to the power of this many bytes."),
        ]
    }

    package var effectiveLevel: Int { level ?? (algorithm == .gzip ? 6 : 9) }

    package func check(_ complaints: inout SettingsChecker) {
        if algorithm == .gzip, let level, level > 9 { complaints.error(at: \Self.level, "gzip has levels 1 to 9") }
        if algorithm == .zstd, let level, level >= 15 {
            complaints.warning(
                at: \Self.level, "costs about 190 CPU seconds a gigabyte, eight times level 9, for a fifth less output")
        }
        if algorithm != .zstd, long != nil { complaints.error(at: \Self.long, "is of zstd only") }
        if let long, long > 27 { complaints.warning(at: \Self.long, "readers need zstd -d --long=\(long)") }
    }
}

/// `encrypt:` of a rule.
package struct EncryptSettings: SettingsGroup {
    package enum Method: String, Sendable, CaseIterable { case aes256GCM = "aes-256-gcm" }

    package var method = Method.aes256GCM
    package var keyID = ""
    package var region: String?
    package var endpoint: String?
    package var timeout = Duration.seconds(10)

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("method", \.method, .choice(), "AES-256-GCM in segments, each file with a key of its own."),
            SettingsField(
                "key_id", \.keyID, .nonEmptyString,
                "Who wraps these keys: kms://ALIAS, file:/PATH, env:NAME or exec:PROGRAM ARGUMENTS.", required: true),
            SettingsField("region", \.region, .nonEmptyString, "Of the KMS; left out: that of the upload."),
            SettingsField("endpoint", \.endpoint, .nonEmptyString, "Of the KMS; left out: that of AWS in the region."),
            SettingsField(
                "timeout", \.timeout, .duration(in: .seconds(1) ... .seconds(300)), "Bounds one question to it."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        // That it is missing is said already.
        guard !keyID.isEmpty else { return }
        do throws(ApusError) {
            _ = try KeyProviderURI(keyID)
        } catch {
            complaints.error(at: \Self.keyID, error.message)
        }
    }
}

/// `backlog:` of a rule: what may wait on this host for its upload.
package struct BacklogSettings: SettingsGroup {
    package enum Policy: String, Sendable, CaseIterable {
        /// Nothing is ever deleted unstored: it is told, and that is all.
        case alert
        /// The oldest generations are deleted unstored, counted and told.
        case dropOldest
        /// Logs are not rotated until there is room: they grow.
        case stopRotating
    }

    package var maxBytes: ByteCount?
    package var maxAge: Duration?
    package var policy = Policy.alert
    package var alertAt = 0.8

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("maxBytes", \.maxBytes, .byteCount(), "The most bytes that may wait."),
            SettingsField("maxAge", \.maxAge, .duration(), "The longest that one generation may wait."),
            SettingsField("policy", \.policy, .choice(), "What is done beyond."),
            SettingsField("alertAt", \.alertAt, .ratio, "Which share of either bound is told as an alert."),
        ]
    }
}
