package import Base

/// Envelope: files that are sealed before they leave the host. `docs/log-format.md` describes them byte by byte.
///
///     EnvelopeHeader     what the file is, and its data key wrapped by a `KeyProvider`; in the clear, checksummed
///     Tink stream        the content, compressed first, under the data key: AES256_GCM_HKDF_1MB of Google's Tink
///
/// What always holds: a data key serves one file; whoever changes the header's fixed part, moves a segment, cuts the
/// file or adds to it is found out before a byte of the segment concerned is given; `rewrap` changes the header alone,
/// so keys are rotated without the content being touched; every length that is read has a bound.
///
/// Errors: `envelope-not`, `envelope-version`, `envelope-damaged` (the header), `envelope-truncated`,
/// `envelope-tampered`, `envelope-segments` (the stream), `envelope-field`, `envelope-too-large`, `envelope-finished` (the caller); of keys,
/// see `KeyProvider`.
package enum Envelope {
    static func damaged(_ detail: String) -> ApusError {
        ApusError(code: "envelope-damaged", "the header of the sealed file is damaged: \(detail)")
    }

    static func truncated(_ detail: String) -> ApusError {
        ApusError(code: "envelope-truncated", "the sealed file is cut: \(detail)")
    }

    /// What is not sealed although it should be.
    package static func notSealed(_ detail: String) -> ApusError {
        ApusError(code: "envelope-not", "this is not a sealed file: \(detail)")
    }

    package static func empty() -> ApusError { truncated("it is empty") }

    static func misplaced(_ found: UInt32, at index: UInt32) -> ApusError {
        ApusError(
            code: "envelope-segments",
            "the sealed file was altered: segment \(found) stands where segment \(index) should")
    }

    static func tampered(_ detail: String) -> ApusError {
        ApusError(code: "envelope-tampered", "the sealed file was altered: \(detail)")
    }
}
