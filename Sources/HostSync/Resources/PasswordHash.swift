import Crypto

/// The SHA-2 schemes of crypt(5), `$5$` and `$6$`, as their author specifies them ("Unix crypt using SHA-256 and
/// SHA-512"): what tells whether a password is the one that a host has, by hashing it with the salt that is there.
enum PasswordHash {
    /// A host may name a billion rounds: more than these are not computed, and the hash counts as another.
    static let mostRounds = 1_000_000
    private static let defaultRounds = 5000
    /// In bytes; the scheme's work grows with the square of a password's length.
    static let longestPassword = 256
    private static let digits = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Whether `hash` is one of this password. Of other schemes (`$y$`, `$2b$`) it cannot be told: false.
    static func matches(_ password: String, _ hash: String) -> Bool {
        guard let setting = Setting(hash), password.utf8.count <= longestPassword else { return false }
        let made = Array(crypt(password, setting).utf8)
        let found = Array(hash.utf8)
        guard made.count == found.count else { return false }
        return zip(made, found).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// A new hash by SHA-512 with a salt of 96 random bits.
    static func make(_ password: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in digits[Int.random(in: 0..<64, using: &generator)] }
        return crypt(password, Setting(salt: salt))
    }

    struct Setting {
        var isLong = true
        /// Nil where the hash does not name them.
        var rounds: Int?
        /// At most 16 bytes.
        var salt: [UInt8]

        init(salt: [UInt8]) { self.salt = salt }

        /// `$6$salt$…`, `$6$rounds=10000$salt$…`
        init?(_ hash: String) {
            var fields = hash.split(separator: "$", omittingEmptySubsequences: false)
            guard fields.count >= 4, fields[0].isEmpty, fields[1] == "5" || fields[1] == "6" else { return nil }
            isLong = fields[1] == "6"
            if fields[2].hasPrefix("rounds=") {
                guard let rounds = Int(fields[2].dropFirst(7)), (1000...PasswordHash.mostRounds).contains(rounds) else {
                    return nil
                }
                self.rounds = rounds
                fields.remove(at: 2)
            }
            guard fields.count == 4, fields[2].utf8.count <= 16 else { return nil }
            salt = Array(fields[2].utf8)
        }
    }

    static func crypt(_ password: String, _ setting: Setting) -> String {
        let digest =
            setting.isLong
            ? stretch(Array(password.utf8), setting, SHA512.self) : stretch(Array(password.utf8), setting, SHA256.self)
        let rounds = setting.rounds.map { "rounds=\($0)$" } ?? ""
        let salt = String(decoding: setting.salt, as: UTF8.self)
        return "$\(setting.isLong ? 6 : 5)$\(rounds)\(salt)$\(encoded(digest, isLong: setting.isLong))"
    }

    private static func stretch<Hash: HashFunction>(_ key: [UInt8], _ setting: Setting, _: Hash.Type) -> [UInt8] {
        func hash(_ parts: [UInt8]...) -> [UInt8] {
            var hash = Hash()
            for part in parts { hash.update(data: part) }
            return Array(hash.finalize())
        }
        /// `bytes` over and over, cut at `count`.
        func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] { (0..<count).map { bytes[$0 % bytes.count] } }

        let salt = setting.salt
        let alternate = hash(key, salt, key)
        var first = key + salt + repeated(alternate, key.count)
        var length = key.count
        while length > 0 {
            first += length & 1 == 1 ? alternate : key
            length >>= 1
        }
        var digest = hash(first)
        let keys = repeated(hash(Array((0..<key.count).map { _ in key }.joined())), key.count)
        let times = 16 + Int(digest.first ?? 0)
        let salts = repeated(hash(Array((0..<times).map { _ in salt }.joined())), salt.count)
        for round in 0..<(setting.rounds ?? defaultRounds) {
            var next = Hash()
            next.update(data: round & 1 == 1 ? keys : digest)
            if round % 3 != 0 { next.update(data: salts) }
            if round % 7 != 0 { next.update(data: keys) }
            next.update(data: round & 1 == 1 ? digest : keys)
            digest = Array(next.finalize())
        }
        return digest
    }

    /// Base 64 of its own alphabet, three bytes at a time in the scheme's own order: each triple is the one before it
    /// turned by one place and stepped on by one.
    private static func encoded(_ digest: [UInt8], isLong: Bool) -> String {
        let third = digest.count / 3
        var text: [UInt8] = []
        func put(_ bytes: (UInt8, UInt8, UInt8), _ count: Int) {
            var word = UInt32(bytes.0) << 16 | UInt32(bytes.1) << 8 | UInt32(bytes.2)
            for _ in 0..<count {
                text.append(digits[Int(word & 63)])
                word >>= 6
            }
        }
        for step in 0..<third {
            let places = [step, step + third, step + 2 * third]
            // SHA-512 turns to the left, SHA-256 to the right.
            let turn = isLong ? step % 3 : (3 - step % 3) % 3
            put((digest[places[turn]], digest[places[(turn + 1) % 3]], digest[places[(turn + 2) % 3]]), 4)
        }
        if isLong { put((0, 0, digest[63]), 2) } else { put((0, digest[31], digest[30]), 3) }
        return String(decoding: text, as: UTF8.self)
    }
}
