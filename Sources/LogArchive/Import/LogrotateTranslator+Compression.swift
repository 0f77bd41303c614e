import Settings

/// Which compressor, how strong.
extension LogrotateTranslator {
    mutating func translateCompression() {
        guard options.compress else { return }
        if options.uncompressCommand != nil {
            hint("uncompresscmd", "is not needed: apus opens what it compressed")
        }
        settings.rotate.delayCompress = options.delayCompress
        let command = options.compressCommand ?? "gzip"
        let program = command.split(separator: "/").last.map(String.init) ?? command
        var compress = CompressSettings()
        switch program {
        case "gzip", "pigz":
            compress.algorithm = .gzip
            compress.level = 6
        case "zstd", "pzstd", "zstdmt": compress.level = 3
        default: note("compresscmd", "\(program) is not run: zstd takes its place")
        }
        applyOptions(program, &compress)
        settings.compress = compress
        let end = GenerationSuffixes.compression(compress.algorithm)
        if let wanted = options.compressExtension, wanted != end, options.places["compressext"] != nil {
            note("compressext", "compressed generations end in \(end), not in \(wanted)")
        }
    }

    private mutating func applyOptions(_ program: String, _ compress: inout CompressSettings) {
        let isKnown = ["gzip", "pigz", "zstd", "pzstd", "zstdmt"].contains(program)
        let highest = compress.algorithm == .gzip ? 9 : 22
        var level: Int?
        for option in options.compressOptions ?? [] {
            let number = Int(option.dropFirst())
            if isKnown, option.hasPrefix("-"), let number, (1...highest).contains(number) {
                level = number
            } else if isKnown, option == "--fast" {
                level = 1
            } else if compress.algorithm == .gzip, option == "--best" {
                level = 9
            } else if !["-n", "--no-name", "-q", "--quiet", "-f", "--force", "--rsyncable"].contains(option) {
                note("compressoptions", "\(option) is left out")
            }
        }
        // compressoptions replaces logrotate's own -6 by the program's default, which is 6 with gzip and 3 with zstd.
        if let level { compress.level = level }
    }
}
