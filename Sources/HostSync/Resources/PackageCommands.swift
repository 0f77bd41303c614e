import SSHTransport

/// The commands by which each manager installs, removes, holds and refreshes.
struct PackageCommands {
    let manager: PackageManager
    var withoutRecommends = false

    /// Says what every later command needs to know: never ask, keep changed configuration files, wait for the lock.
    private static let apt = """
        DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND
        apus_apt() {
        apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"; }
        for f in /var/lib/dpkg/updates/[0-9]*; do
        if [ -e "$f" ]; then dpkg --force-confold --configure -a; break; fi
        done
        """

    func begin(_ steps: inout StepScript) {
        if manager == .apt { steps.text(PackageCommands.apt) }
    }

    func refresh(_ steps: inout StepScript) {
        switch manager {
        case .apt: steps.text("apus_apt -o APT::Update::Error-Mode=any update")
        case .dnf, .yum: steps.text("\(manager.rawValue) -q -y makecache")
        case .zypper: steps.text("zypper --non-interactive -q refresh")
        case .apk: steps.text("apk -q update")
        case .pacman: steps.text("pacman -Sy --noconfirm >/dev/null")
        }
        steps.text("if [ -d \(manager.listsFolder) ]; then touch \(manager.listsFolder); fi")
    }

    /// - Parameter version: Exact, or a prefix with `*`; of one name only.
    func install(_ names: [String], version: String?, _ steps: inout StepScript) {
        let words = names.map { name in version.map { spec(name, $0) } ?? name }
        let list = ShellText.quoted(words)
        switch manager {
        case .apt:
            var options = withoutRecommends ? "-o APT::Install-Recommends=false " : ""
            if version != nil { options += "--allow-downgrades " }
            steps.text("apus_apt \(options)install -- \(list)")
        case .dnf, .yum:
            let options = withoutRecommends && manager == .dnf ? "--setopt=install_weak_deps=False " : ""
            steps.text("\(manager.rawValue) -q -y \(options)install -- \(list)")
            if version != nil, let name = names.first {
                // An older version than the installed one is no installation to dnf.
                steps.text(
                    "case $(rpm -q -- \(ShellText.quoted(name))) in \(pattern(spec(name, version ?? "")))) ;; "
                        + "*) \(manager.rawValue) -q -y downgrade -- \(list);; esac")
            }
        case .zypper:
            let options = withoutRecommends ? "--no-recommends " : ""
            steps.text("zypper --non-interactive -q install -y --oldpackage \(options)-- \(list)")
        case .apk: steps.text("apk -q add -- \(list)")
        case .pacman: steps.text("pacman -S --noconfirm --needed -- \(list) >/dev/null")
        }
    }

    func upgrade(_ names: [String], _ steps: inout StepScript) {
        let list = ShellText.quoted(names)
        switch manager {
        case .dnf: steps.text("dnf -q -y upgrade -- \(list)")
        case .yum: steps.text("yum -q -y update -- \(list)")
        case .zypper: steps.text("zypper --non-interactive -q update -y -- \(list)")
        case .apk: steps.text("apk -q add -u -- \(list)")
        case .apt, .pacman: install(names, version: nil, &steps)
        }
    }

    func remove(_ names: [String], purge: Bool, _ steps: inout StepScript) {
        let list = ShellText.quoted(names)
        switch manager {
        case .apt: steps.text("apus_apt --allow-change-held-packages \(purge ? "purge" : "remove") -- \(list)")
        case .dnf, .yum: steps.text("\(manager.rawValue) -q -y remove -- \(list)")
        case .zypper: steps.text("zypper --non-interactive -q remove -y -- \(list)")
        case .apk: steps.text("apk -q \(purge ? "--purge " : "")del -- \(list)")
        case .pacman: steps.text("pacman -R\(purge ? "n" : "") --noconfirm -- \(list) >/dev/null")
        }
    }

    /// - Throws: `ResourceFault` where the manager has nothing of the kind.
    func hold(_ names: [String], _ isHeld: Bool, _ steps: inout StepScript) throws(ResourceFault) {
        let list = ShellText.quoted(names)
        switch manager {
        case .apt: steps.text("apt-mark -q \(isHeld ? "hold" : "unhold") -- \(list) >/dev/null")
        case .dnf, .yum: steps.text("\(manager.rawValue) -q -y versionlock \(isHeld ? "add" : "delete") \(list)")
        case .zypper: steps.text("zypper --non-interactive -q \(isHeld ? "addlock" : "removelock") \(list)")
        case .apk, .pacman:
            throw ResourceFault("\(manager.rawValue) cannot hold packages: leave hold out (apk: give the version)")
        }
    }

    /// - Throws: `ResourceFault` where versions cannot be chosen.
    func checkVersion() throws(ResourceFault) {
        if manager == .pacman { throw ResourceFault("pacman has one version of each package: leave version out") }
    }

    private func spec(_ name: String, _ version: String) -> String {
        switch manager {
        case .apt: return "\(name)=\(version)"
        case .zypper: return "\(name)=\(version)"
        case .apk where version.hasSuffix("*"): return "\(name)=~\(version.dropLast())"
        case .apk: return "\(name)=\(version)"
        case .dnf, .yum, .pacman: return "\(name)-\(version)"
        }
    }

    /// A pattern for `case`: what begins with the text, which may end with `*` itself.
    private func pattern(_ text: String) -> String {
        ShellText.quoted(text.hasSuffix("*") ? String(text.dropLast()) : text) + "*"
    }
}
