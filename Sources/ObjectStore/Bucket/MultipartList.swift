import CloudAPI
import Crypto

/// The list of parts that ends an upload.
enum MultipartList {
    static func xml(_ parts: [PartReceipt], withChecksums: Bool) -> [UInt8] {
        var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for part in parts {
            text += "<Part><PartNumber>\(part.number)</PartNumber><ETag>\"\(escaped(part.eTag))\"</ETag>"
            if withChecksums, let crc = part.crc32c { text += "<ChecksumCRC32C>\(escaped(crc))</ChecksumCRC32C>" }
            text += "</Part>"
        }
        return Array((text + "</CompleteMultipartUpload>").utf8)
    }

    /// The MD5 of the parts' MD5s and their count, as S3 makes it; nil where a part's ETag is no MD5.
    static func eTag(_ parts: [PartReceipt]) -> String? {
        var hash = Insecure.MD5()
        for part in parts {
            guard part.eTag.utf8.count == 32, let bytes = Hex.decode(part.eTag) else { return nil }
            hash.update(data: bytes)
        }
        return "\(Hex.encode(hash.finalize()))-\(parts.count)"
    }

    /// Whether it has the form of what `eTag(_:)` makes.
    static func isComposed(_ eTag: String) -> Bool {
        let halves = eTag.split(separator: "-")
        return halves.count == 2 && halves[0].utf8.count == 32 && Hex.decode(String(halves[0])) != nil
            && Int(halves[1]) != nil
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
